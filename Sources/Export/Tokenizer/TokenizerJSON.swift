internal import Models

/// `tokenizer.json`: OpenAI's tokenizer as a pipeline of the `tokenizers` library.
struct TokenizerJSON {
  var vocabulary: PublishedVocabulary

  /// The alternatives of `clip/simple_tokenizer.py`, in the syntax of Oniguruma.
  private static let words =
    #"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"#

  var json: JSONText {
    [
      "version": "1.0",
      "truncation": .null,
      "padding": .null,
      "added_tokens": [added(PublishedVocabulary.startOfText), added(PublishedVocabulary.endOfText)],
      "normalizer": [
        "type": "Sequence",
        "normalizers": [
          ["type": "NFC"],
          ["type": "Replace", "pattern": ["Regex": #"\s+"#], "content": " "],
          ["type": "Lowercase"],
        ],
      ],
      "pre_tokenizer": [
        "type": "Sequence",
        "pretokenizers": [
          [
            "type": "Split", "pattern": ["Regex": .string(Self.words)], "behavior": "Removed", "invert": true,
          ],
          byteLevel(addsPrefixSpace: false),
        ],
      ],
      "post_processor": [
        "type": "RobertaProcessing",
        "sep": [.string(PublishedVocabulary.endOfText), .integer(id(of: PublishedVocabulary.endOfText))],
        "cls": [.string(PublishedVocabulary.startOfText), .integer(id(of: PublishedVocabulary.startOfText))],
        "trim_offsets": false,
        "add_prefix_space": false,
      ],
      "decoder": byteLevel(addsPrefixSpace: true),
      "model": model,
    ]
  }

  private var model: JSONText {
    let tokens = vocabulary.tokens.enumerated().map { (key: $0.element, value: JSONText.integer($0.offset)) }
    return [
      "type": "BPE",
      "dropout": .null,
      "unk_token": .string(PublishedVocabulary.endOfText),
      "continuing_subword_prefix": "",
      "end_of_word_suffix": .string(PublishedVocabulary.endOfWord),
      "fuse_unk": false,
      "byte_fallback": false,
      "ignore_merges": false,
      "vocab": .object(tokens),
      "merges": .array(vocabulary.merges.map { .string("\($0.left) \($0.right)") }),
    ]
  }

  private func byteLevel(addsPrefixSpace: Bool) -> JSONText {
    [
      "type": "ByteLevel", "add_prefix_space": .bool(addsPrefixSpace), "trim_offsets": true,
      // The words are already split.
      "use_regex": false,
    ]
  }

  private func added(_ token: String) -> JSONText {
    [
      "id": .integer(id(of: token)), "content": .string(token), "single_word": false, "lstrip": false,
      "rstrip": false, "normalized": false, "special": true,
    ]
  }

  /// Start and end of text are the last two ids.
  private func id(of token: String) -> Int {
    vocabulary.tokens.count - (token == PublishedVocabulary.endOfText ? 1 : 2)
  }
}
