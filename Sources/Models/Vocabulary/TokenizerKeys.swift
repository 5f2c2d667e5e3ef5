internal import Archives

/// Keys of `tokenizer_config.json`: a closed list. Any other key could change the ids.
enum TokenizerKeys {
  /// Keys whose values are compared with OpenAI's tokenizer.
  private static let specials = [
    "bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>",
  ]
  /// The side of padding, and the side at which a long text is truncated, in transformers.
  private static let sides: Set<String> = ["padding_side", "truncation_side"]
  private static let used: Set<String> = [
    "tokenizer_class", "do_lower_case", "added_tokens_decoder", "additional_special_tokens",
  ]
  private static let contextLength = 77

  /// Keys about truncation and padding in transformers, file locations, and rules that captions never trigger.
  static let irrelevant: Set<String> = [
    "add_prefix_space", "auto_map", "backend", "chat_template",
    "clean_up_tokenization_spaces", "errors", "extra_special_tokens", "is_local", "legacy",
    "local_files_only", "max_length",
    "model_input_names", "model_specific_special_tokens", "name_or_path", "pad_token",
    "pad_to_multiple_of", "pad_token_type_id", "padding", "processor_class",
    "special_tokens_map_file", "split_special_tokens", "stride", "tokenizer_file", "truncation",
    "truncation_strategy", "trust_remote_code", "use_fast",
  ]

  /// The first key that is unknown, or whose value differs from OpenAI's tokenizer; nil if there is none.
  static func difference(_ config: JSONValue) -> String? {
    for member in config.objectValue?.members ?? [] where !member.value.isNull {
      if let expected = specials[member.key] {
        let token = member.value.stringValue ?? member.value["content"]?.stringValue
        if token != expected { return "\(member.key) \(token ?? "that is not a text")" }
      } else if sides.contains(member.key) {
        if member.value.stringValue != "right" { return "\(member.key) \(member.value.brief)" }
      } else if member.key == "model_max_length" {
        // Old files use 1e30 for "none".
        if let length = member.value.doubleValue, length < Double(contextLength) {
          return "model_max_length \(length)"
        }
      } else if member.key == "added_tokens_decoder" {
        if let token = addedToken(member.value) { return "the added token \(token)" }
      } else if member.key == "additional_special_tokens" {
        if let token = member.value.arrayValue?.first { return "the special token \(token.brief)" }
      } else if !used.contains(member.key), !irrelevant.contains(member.key) {
        return "unknown key \(member.key), which may change the ids"
      }
    }
    return nil
  }

  /// A token that the tokenizer recognises before OpenAI's rules apply, except OpenAI's own and "!", the padding of
  /// Stable Diffusion 2.
  private static func addedToken(_ table: JSONValue) -> String? {
    let known = ["0": "!", "49406": "<|startoftext|>", "49407": "<|endoftext|>"]
    let other = table.objectValue?.members.first { member in
      member.value["content"]?.stringValue.map { known[member.key] != $0 } ?? true
    }
    return other.map { ($0.value["content"]?.stringValue ?? $0.key) + " of id \($0.key)" }
  }
}
