/// A canonical tensor name, built from literals and indices and kept as UTF-8: Embedded Swift can compare bytes
/// but not strings.
public struct ParameterName: Sendable, Equatable, Hashable {
  public private(set) var utf8: [UInt8]

  public init(utf8: [UInt8]) { self.utf8 = utf8 }

  public init(_ literal: StaticString) {
    utf8 = []
    append(literal)
  }

  public func appending(_ literal: StaticString) -> ParameterName {
    var name = self
    name.append(literal)
    return name
  }

  public func appending(_ index: Int) -> ParameterName {
    var name = self
    name.append(index)
    return name
  }

  /// `visual.bn1.weight` with `scale` gives `visual.bn1.scale`.
  public func replacingLastComponent(with literal: StaticString) -> ParameterName {
    var name = self
    while let last = name.utf8.last, last != 0x2E { name.utf8.removeLast() }
    name.append(literal)
    return name
  }

  private mutating func append(_ literal: StaticString) {
    literal.withUTF8Buffer { bytes in
      for byte in bytes { utf8.append(byte) }
    }
  }

  private mutating func append(_ index: Int) {
    var digits: [UInt8] = []
    var rest = index
    repeat {
      digits.append(UInt8(truncatingIfNeeded: rest % 10) + 0x30)
      rest /= 10
    } while rest > 0
    utf8.append(contentsOf: digits.reversed())
  }
}

#if !hasFeature(Embedded)
  extension ParameterName: CustomStringConvertible {
    public var description: String { String(decoding: utf8, as: UTF8.self) }
  }
#endif
