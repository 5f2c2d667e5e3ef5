import Archives
import Models
import Testing

@Suite("Steps of tokenizer.json") struct TokenizerPipelineTests {
  /// OpenAI's tokenizer as written by transformers 5.23.0 with tokenizers 0.23.3, without words and merges.
  private static let published = #"""
    {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
     "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"},
       {"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "}, {"type": "Lowercase"}]},
     "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
       {"type": "Split", "pattern": {"Regex": "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+"},
        "behavior": "Removed", "invert": true},
       {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}]},
     "post_processor": {"type": "RobertaProcessing", "sep": ["<|endoftext|>", 49407], "cls": ["<|startoftext|>", 49406],
       "trim_offsets": false, "add_prefix_space": false},
     "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
     "model": {"type": "BPE", "dropout": null, "unk_token": "<|endoftext|>", "continuing_subword_prefix": "",
       "end_of_word_suffix": "</w>", "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
       "vocab": {}, "merges": []}}
    """#

  private func difference(replacing old: String = "", with new: String = "") throws -> String? {
    let text = old.isEmpty ? Self.published : Self.published.replacing(old, with: new)
    try #require(old.isEmpty || text != Self.published)
    return TokenizerPipeline.difference(try JSONParser.parse(Array(text.utf8).span.bytes, limits: .standard))
  }

  @Test("OpenAI's tokenizer as written by transformers has no difference")
  func openAI() throws {
    #expect(try difference() == nil)
    #expect(try difference(replacing: #"<\\|startoftext\\|>|<\\|endoftext\\|>|"#) == nil)
    #expect(try difference(replacing: #", "use_regex": true"#) == nil)
    #expect(try difference(replacing: #", "ignore_merges": false"#) == nil)
    #expect(try difference(replacing: #""dropout": null"#, with: #""dropout": 0.0"#) == nil)
  }

  @Test(
    "A step that changes the ids of equal words is reported",
    arguments: [
      (#", {"type": "Lowercase"}"#, "", "normalizer"),
      ("NFC", "NFKC", "normalizer"),
      (#"\\s+"#, #"\\s"#, "normalizer"),
      ("|[\\\\p{N}]|", "|[\\\\p{N}]+|", "pre_tokenizer"),
      (#""invert": true"#, #""invert": false"#, "pre_tokenizer"),
      (
        #"{"type": "ByteLevel", "add_prefix_space": false"#,
        #"{"type": "ByteLevel", "add_prefix_space": true"#, "pre_tokenizer"
      ),
      ("49406", "49408", "post_processor"),
      (#""ignore_merges": false"#, #""ignore_merges": true"#, "ignore_merges true"),
      (#""end_of_word_suffix": "</w>", "#, "", "end_of_word_suffix"),
      (
        #""continuing_subword_prefix": """#, #""continuing_subword_prefix": "@@""#,
        "continuing_subword_prefix"
      ),
      (#""dropout": null"#, #""dropout": 0.1"#, "dropout"),
      (#""type": "BPE""#, #""type": "WordPiece""#, "WordPiece"),
      (#""padding": null"#, #""padding": {"direction": "Left"}"#, "padding"),
      (#""version": "1.0""#, #""version": "1.0", "cleaner": {}"#, "cleaner"),
      (#""vocab": {}"#, #""vocab": {}, "scores": []"#, "scores"),
      (#""normalizer": "#, #""normaliser": "#, "no normalizer"),
    ])
  func difference(old: String, new: String, named: String) throws {
    let found = try difference(replacing: old, with: new)
    #expect(found?.contains(named) == true, "\(found ?? "no difference")")
  }
}
