internal import Architecture
package import Archives

/// The steps of a `tokenizer.json` other than its vocabulary: a closed list. Equal words do not imply equal ids: a
/// pipeline without `Lowercase`, with other word boundaries or with `ignore_merges` gives other ids for the same
/// text.
///
/// Source: `CLIPConverter` of transformers, which writes OpenAI's `clip/simple_tokenizer.py` as a pipeline of
/// `tokenizers`.
package enum TokenizerPipeline {
  /// The first step that is unknown, or that OpenAI's tokenizer does not have; nil if there is none.
  package static func difference(_ root: JSONValue) -> String? {
    guard let members = root.objectValue?.members else { return "it is not a JSON object" }
    for key in steps.keys.sorted() where root[key] == nil { return "it has no \(key)" }
    for member in members {
      guard let accepted = steps[member.key] else {
        if let difference = differenceBeside(member.key, member.value) { return difference }
        continue
      }
      guard accepted.contains(canonical(member.value)) else { return "another \(member.key)" }
    }
    return nil
  }

  /// Each step in its canonical spelling, in every form that transformers has written.
  private static let steps: [String: [String]] = [
    "normalizer": [
      #"{normalizers:[{type:"NFC"},{content:" ",pattern:{Regex:"\s+"},type:"Replace"},{type:"Lowercase"}],type:"Sequence"}"#
    ],
    "pre_tokenizer": [words, #"<\|startoftext\|>|<\|endoftext\|>|"# + words].map {
      #"{pretokenizers:[{behavior:"Removed",invert:true,pattern:{Regex:""# + $0
        + #""},type:"Split"},{add_prefix_space:false,type:"ByteLevel"}],type:"Sequence"}"#
    },
    "post_processor": [
      #"{cls:["<|startoftext|>",49406],sep:["<|endoftext|>",49407],type:"RobertaProcessing"}"#
    ],
  ]

  private static let words = #"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"#

  /// Keys that change positions in the text, but not ids: `ByteLevel` does not split text that is already split.
  private static let immaterial: Set<String> = ["trim_offsets", "use_regex"]

  private static func canonical(_ value: JSONValue) -> String {
    switch value {
    case .null: return "null"
    case .bool(let value): return "\(value)"
    case .integer(let value): return "\(value)"
    case .number(let value): return "\(value)"
    case .string(let value): return "\"\(value)\""
    case .array(let values): return "[\(values.map(canonical).joined(separator: ","))]"
    case .object(let object):
      let hasPrefixSpace = value["type"]?.stringValue == "ByteLevel"
      let members = object.members.filter {
        !immaterial.contains($0.key) && (hasPrefixSpace || $0.key != "add_prefix_space")
      }
      let pairs = members.map { "\($0.key):\(canonical($0.value))" }
      return "{\(pairs.sorted().joined(separator: ","))}"
    }
  }

  /// Compares everything other than the steps. Words, merges and added tokens are compared elsewhere.
  private static func differenceBeside(_ key: String, _ value: JSONValue) -> String? {
    switch key {
    case "version", "added_tokens", "decoder": nil
    case "truncation", "padding":
      switch value["direction"]?.stringValue {
      case nil, "Right"?: nil
      case let other?: "\(key) from the \(other)"
      }
    case "model": differenceOfModel(value)
    default: "unknown key \(key), which may change the ids"
    }
  }

  private static func differenceOfModel(_ model: JSONValue) -> String? {
    guard let type = model["type"]?.stringValue ?? impliedType(model) else { return "a model without a type" }
    guard type == "BPE" else { return "a \(type) model" }
    for member in model.objectValue?.members ?? [] {
      guard let accepted = modelValues[member.key] else {
        return "unknown key \(member.key) of the model, which may change the ids"
      }
      guard accepted.isEmpty || accepted.contains(member.value) else {
        return "\(member.key) \(member.value.brief)"
      }
    }
    guard model["end_of_word_suffix"] != nil else { return "no end_of_word_suffix" }
    return nil
  }

  /// Files of tokenizers before 0.8 omit the type.
  private static func impliedType(_ model: JSONValue) -> String? { model["merges"] == nil ? nil : "BPE" }

  /// Keys of a BPE model, with the values that do not change OpenAI's ids; empty for keys that cannot change them.
  private static let modelValues: [String: [JSONValue]] = [
    "type": [], "vocab": [], "merges": [],
    // Every byte is a word, so no token is unknown.
    "unk_token": [], "fuse_unk": [], "byte_fallback": [],
    "dropout": [.null, .number(0), .integer(0)], "continuing_subword_prefix": [.null, .string("")],
    "end_of_word_suffix": [.string("</w>")], "ignore_merges": [.bool(false), .null],
  ]
}
