/// How libraries name the parts of a checkpoint: `model-00001-of-00003.safetensors`.
enum ShardName {
  /// Whether a file of this name is one of several.
  static func isOneOfSeveral(_ name: String) -> Bool {
    let stem = name.prefix { $0 != "." }
    let parts = stem.split(separator: "-")
    guard parts.count >= 3, parts[parts.count - 2] == "of", let count = number(parts[parts.count - 1]),
      number(parts[parts.count - 3]) != nil
    else { return false }
    return count > 1
  }

  private static func number(_ text: Substring) -> Int? {
    text.utf8.count >= 4 && text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
  }
}
