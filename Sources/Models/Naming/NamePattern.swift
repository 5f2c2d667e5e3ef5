/// A pattern for tensor names of several components: `{}` is a decimal index, also after a text (`layer_{}`), `*` is
/// `weight` or `bias`, a final `**` is one or more components. Dots and slashes both separate components.
struct NamePattern: Sendable, Equatable {
  private var components: [Substring]

  init(_ pattern: String) {
    components = pattern.split(omittingEmptySubsequences: false) { $0 == "." || $0 == "/" }
  }

  /// The captures that make this pattern equal `name`, in order; nil if it does not match.
  func match(_ name: String) -> [Substring]? {
    // An early exit: most patterns differ from the name in their first component, or for longer names in the second.
    if let first = components.first, !first.contains("*"), !first.contains("{"), !name.hasPrefix(first) {
      return nil
    }
    let parts = name.utf8.split(maxSplits: components.count, omittingEmptySubsequences: false) {
      $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "/")
    }.map(Substring.init)
    var captures: [Substring] = []
    for (index, component) in components.enumerated() {
      guard index < parts.count else { return nil }
      switch component {
      case "**":
        captures.append(name[parts[index].startIndex...])
        return captures
      case let indexed where indexed.hasSuffix("{}"):
        let text = indexed.dropLast("{}".count)
        let digits = parts[index].dropFirst(text.count)
        guard parts[index].hasPrefix(text), !digits.isEmpty,
          digits.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        captures.append(digits)
      case "*":
        guard parts[index] == "weight" || parts[index] == "bias" else { return nil }
        captures.append(parts[index])
      default:
        guard component == parts[index] else { return nil }
      }
    }
    return parts.count == components.count ? captures : nil
  }

  /// The name with the captures inserted in order.
  ///
  /// - Precondition: as many captures as holes.
  func filled(with captures: [Substring]) -> String {
    var rest = captures[...]
    return components.map { component in
      switch component {
      case "**", "{}", "*": rest.removeFirst()
      default: component
      }
    }
    .joined(separator: ".")
  }
}
