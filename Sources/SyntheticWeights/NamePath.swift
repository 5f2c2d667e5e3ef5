/// The components of a tensor's name, for comparing its end with patterns.
struct NamePath {
  let name: String
  private let components: [Substring]

  init(_ name: String) {
    self.name = name
    components = name.split(separator: ".", omittingEmptySubsequences: false)
  }

  /// Whether the last components match the pattern, in which a final `#` is a number and a final `*` is anything.
  func ends(with pattern: String) -> Bool {
    let parts = pattern.split(separator: ".")
    guard parts.count <= components.count else { return false }
    return zip(components.suffix(parts.count), parts).allSatisfy(Self.matches)
  }

  /// The bottleneck's number in `….layer3.5.bn1.running_var`.
  var blockIndex: Int { components.dropLast(2).last.flatMap { Int($0) } ?? 0 }

  private static func matches(_ component: Substring, _ pattern: Substring) -> Bool {
    switch pattern.last {
    case "#":
      let prefix = pattern.dropLast()
      return component.hasPrefix(prefix) && Int(component.dropFirst(prefix.count)) != nil
    case "*":
      return component.hasPrefix(pattern.dropLast())
    default:
      return component == pattern
    }
  }
}
