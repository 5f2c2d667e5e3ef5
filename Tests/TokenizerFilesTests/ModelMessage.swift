/// A SentencePiece model as protobuf, for models that sentencepiece would not write.
struct ModelMessage {
  struct Piece {
    var text: [UInt8]
    var score: Float = -1
    var kind: UInt8 = 1

    init(_ text: String, _ score: Float = -1, kind: UInt8 = 1) {
      (self.text, self.score, self.kind) = (Array(text.utf8), score, kind)
    }
  }

  var pieces = [Piece("<unk>", 0, kind: 2), Piece("a"), Piece("b", -2)]
  /// 1 unigram, 2 byte pairs.
  var kind: UInt8 = 1
  var byteFallback = false
  var map: [UInt8] = []
  /// Further fields of the normalizer, as bytes.
  var normalizer: [UInt8] = []

  var bytes: [UInt8] {
    var result: [UInt8] = []
    for piece in pieces {
      let score = withUnsafeBytes(of: piece.score.bitPattern.littleEndian) { [UInt8]($0) }
      result += Self.field(1, Self.field(1, piece.text) + [0x15] + score + [0x18, piece.kind])
    }
    result += Self.field(2, [0x18, kind] + (byteFallback ? [0x98, 0x02, 1] : []))
    return result + Self.field(3, (map.isEmpty ? [] : Self.field(2, map)) + normalizer)
  }

  static func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
    [number << 3 | 2] + varint(content.count) + content
  }

  static func varint(_ value: Int) -> [UInt8] {
    value < 128 ? [UInt8(value)] : [UInt8(value & 127) | 128] + varint(value >> 7)
  }
}
