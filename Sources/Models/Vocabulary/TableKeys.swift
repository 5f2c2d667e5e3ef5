internal import Archives
internal import TokenizerFiles

/// Keys of `tokenizer_config.json` beside a table's file: a closed list. Any other key could change the ids.
enum TableKeys {
  /// Keys that `StatedTextRules` and the file itself answer.
  private static let used: Set<String> = [
    "tokenizer_class", "do_lower_case", "pad_token", "eos_token", "bos_token", "unk_token", "cls_token",
    "sep_token", "mask_token", "add_bos_token", "add_eos_token", "added_tokens_decoder", "unk_id",
  ]

  /// Keys of a chat, or of turning ids into text.
  private static let irrelevant = TokenizerKeys.irrelevant.union([
    "spaces_between_special_tokens", "use_default_system_prompt",
  ])

  /// Tokens of `SiglipTokenizer`. Any other would be recognised where it is typed in a text.
  private static let sigLIPTokens = ["eos_token": "</s>", "pad_token": "</s>", "unk_token": "<unk>"]

  /// The first key that is unknown, or whose value PocketCLIP's tokenizer does not follow; nil if there is none.
  static func difference(
    _ config: ConfigReader, _ row: StatedTextRules.Class, contextLength: Int
  ) throws(ModelError) -> String? {
    if config.json["padding_side"] == nil, row.paddingSide != "right" {
      return "no padding_side, and the class pads on the \(row.paddingSide)"
    }
    for member in config.json.objectValue?.members ?? [] where !member.value.isNull {
      if let difference = difference(member.key, member.value, row, contextLength) { return difference }
    }
    return nil
  }

  private static func difference(
    _ key: String, _ value: JSONValue, _ row: StatedTextRules.Class, _ contextLength: Int
  ) -> String? {
    switch key {
    case "padding_side", "truncation_side": value.stringValue == "right" ? nil : "\(key) \(value.brief)"
    case "model_max_length":
      // Large numbers mean "none".
      value.doubleValue.map { $0 < Double(contextLength) } == false ? nil : "model_max_length \(value.brief)"
    case "sp_model_kwargs": value.objectValue?.members.isEmpty == true ? nil : "sp_model_kwargs"
    case "split_special_tokens": value.boolValue == false ? nil : "split_special_tokens \(value.brief)"
    case "extra_ids": value.integerValue == 0 ? nil : "extra_ids \(value.brief)"
    case let key where key.hasSuffix("_token") && row.rules == .siglip && !key.hasPrefix("add_"):
      token(value) == sigLIPTokens[key] ? nil : "\(key) \(token(value) ?? value.brief)"
    case "do_lower_case" where row.rules == .siglip: value.boolValue == true ? nil : "do_lower_case false"
    case "added_tokens_decoder" where row.rules == .siglip: addedToken(value)
    case "additional_special_tokens", "extra_special_tokens":
      // A `tokenizer.json` lists its tokens itself.
      row.rules != .siglip || isEmpty(value) ? nil : key
    case _:
      used.contains(key) || irrelevant.contains(key)
        ? nil : "unknown key \(key), which may change the ids"
    }
  }

  /// A token that `SiglipTokenizer` recognises in texts, except its own two.
  private static func addedToken(_ table: JSONValue) -> String? {
    let tokens = (table.objectValue?.members ?? []).map(\.value)
    let other = tokens.first { token in
      !["</s>", "<unk>"].contains(token["content"]?.stringValue)
        || ["normalized", "single_word"].contains { token[$0]?.boolValue == true }
    }
    return other.map { "the added token \($0["content"]?.stringValue ?? "without content")" }
  }

  /// A token's text, which old files write as an object.
  static func token(_ value: JSONValue) -> String? {
    value.stringValue ?? value["content"]?.stringValue
  }

  /// Every token that the configuration recognises in a text, with the key that states it.
  static func tokens(_ config: JSONValue) -> [(key: String, text: String)] {
    var tokens: [(key: String, text: String)] = []
    for member in config.objectValue?.members ?? [] {
      switch member.key {
      case "additional_special_tokens", "extra_special_tokens":
        let list = member.value.arrayValue ?? (member.value.objectValue?.members ?? []).map(\.value)
        tokens += list.compactMap(token).map { (member.key, $0) }
      case "added_tokens_decoder":
        let list = (member.value.objectValue?.members ?? []).map(\.value)
        tokens += list.compactMap(token).map { (member.key, $0) }
      case let key where key.hasSuffix("_token"):
        if let text = token(member.value) { tokens.append((key, text)) }
      case _: break
      }
    }
    return tokens
  }

  private static func isEmpty(_ value: JSONValue) -> Bool {
    value.arrayValue?.isEmpty ?? value.objectValue?.members.isEmpty ?? false
  }
}
