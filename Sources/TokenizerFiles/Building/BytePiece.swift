/// The piece of a byte, such as `<0x0A>`.
enum BytePiece {
  private static let digits = Array("0123456789ABCDEF".utf8)

  static func name(_ byte: UInt8) -> String {
    String(decoding: bytes(byte), as: UTF8.self)
  }

  static func byte(_ piece: [UInt8]) -> UInt8? {
    guard piece.count == 6, let high = digits.firstIndex(of: piece[3]),
      let low = digits.firstIndex(of: piece[4])
    else { return nil }
    let byte = UInt8(high << 4 | low)
    return bytes(byte) == piece ? byte : nil
  }

  static func bytes(_ byte: UInt8) -> [UInt8] {
    Array("<0x".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]] + Array(">".utf8)
  }
}
