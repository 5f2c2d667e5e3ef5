/// A file whose sizes and offsets are known before the weights are read.
struct PlannedFile: Sendable {
  /// The path below the output folder; empty if the output is this file.
  var name: String
  private(set) var segments: [Segment] = []
  private(set) var byteCount = 0

  init(name: String) { self.name = name }

  /// A complete text file.
  init(name: String, _ text: String) {
    self.name = name
    append(.bytes(Array(text.utf8)))
  }

  mutating func append(_ content: Segment.Content) {
    segments.append(Segment(offset: byteCount, content: content))
    byteCount += content.byteCount
  }

  /// Bytes that are computed from weights.
  var tensorByteCount: Int {
    segments.reduce(0) { sum, segment in
      guard case .tensor(let recipe) = segment.content else { return sum }
      return sum + recipe.byteCount
    }
  }
}

/// A run of bytes of a file.
struct Segment: Sendable {
  var offset: Int
  var content: Content

  enum Content: Sendable {
    case bytes([UInt8])
    case tensor(TensorRecipe)

    var byteCount: Int {
      switch self {
      case .bytes(let bytes): bytes.count
      case .tensor(let recipe): recipe.byteCount
      }
    }
  }
}

extension Array where Element == UInt8 {
  /// FP32 values as stored.
  init(floats: [Float]) { self = floats.flatMap { value in value.bitPattern.littleEndianBytes } }
}

extension FixedWidthInteger {
  var littleEndianBytes: [UInt8] {
    (0..<Self.bitWidth / 8).map { UInt8(truncatingIfNeeded: self >> (8 * $0)) }
  }
}
