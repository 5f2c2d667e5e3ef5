/// The space of a model's embeddings: the ids of the towers that produce them.
///
/// Written as `IMAGE.TEXT` in hex, with `-` for an unknown id.
public struct SpaceID: Sendable, Equatable, Hashable {
  /// Nil if the id is unknown, or if the model does not have the tower.
  public var image, text: Digest?

  public init(image: Digest? = nil, text: Digest? = nil) {
    self.image = image
    self.text = text
  }

  /// Nil unless the bytes are `IMAGE.TEXT`.
  public init?(utf8: [UInt8]) {
    let parts = utf8.split(separator: Self.separator, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    (image, text) = (Digest(hex: parts[0]), Digest(hex: parts[1]))
    guard image != nil || parts[0] == [Self.unknown], text != nil || parts[1] == [Self.unknown] else {
      return nil
    }
  }

  /// `IMAGE.TEXT`.
  public var utf8: [UInt8] {
    var text: [UInt8] = []
    write { text.append($0) }
    return text
  }

  /// Calls `body` with each byte of `IMAGE.TEXT`.
  public func write(_ body: (UInt8) -> Void) {
    write(image, body)
    body(Self.separator)
    write(text, body)
  }

  private func write(_ id: Digest?, _ body: (UInt8) -> Void) {
    guard let id else { return body(Self.unknown) }
    for index in 0..<Digest.hexCount { body(id.hexDigit(at: index)) }
  }

  private static var separator: UInt8 { UInt8(ascii: ".") }
  private static var unknown: UInt8 { UInt8(ascii: "-") }
}

extension SpaceID {
  /// Whether embeddings of two models may be compared: any id known on both sides must be equal.
  public enum Comparison: Sendable, Equatable {
    case same
    case different
    /// No id is known on both sides.
    case unknown
  }

  public func compared(with other: SpaceID) -> Comparison {
    let pairs = [(image, other.image), (text, other.text)].filter { $0 != nil && $1 != nil }
    return pairs.isEmpty ? .unknown : pairs.allSatisfy { $0 == $1 } ? .same : .different
  }
}

extension BundleDescription {
  public var spaceID: SpaceID { SpaceID(image: imageID, text: textID) }
}

#if !hasFeature(Embedded)
  extension SpaceID: LosslessStringConvertible {
    public init?(_ description: String) { self.init(utf8: Array(description.utf8)) }
    public var description: String { String(decoding: utf8, as: UTF8.self) }
  }
#endif
