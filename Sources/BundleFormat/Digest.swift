internal import CKernels

/// 32 bytes of SHA-256.
public struct Digest: Sendable, Equatable, Hashable {
  public var bytes: [UInt8]

  /// Nil unless there are 32 bytes.
  public init?(_ bytes: [UInt8]) {
    guard bytes.count == Digest.byteCount else { return nil }
    self.bytes = bytes
  }

  fileprivate init(finished bytes: [UInt8]) { self.bytes = bytes }

  /// Nil unless the bytes are 64 lower-case hex digits.
  init?(hex: ArraySlice<UInt8>) {
    guard hex.count == 2 * Digest.byteCount else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Digest.byteCount)
    var high: UInt8?
    for digit in hex {
      guard let value = Digest.value(ofHexDigit: digit) else { return nil }
      if let upper = high {
        bytes.append(upper << 4 | value)
        high = nil
      } else {
        high = value
      }
    }
    self.bytes = bytes
  }

  /// 64 lower-case hex digits as UTF-8.
  public var hex: [UInt8] {
    var digits: [UInt8] = []
    digits.reserveCapacity(2 * Digest.byteCount)
    for byte in bytes {
      digits.append(Digest.hexDigit(byte >> 4))
      digits.append(Digest.hexDigit(byte & 15))
    }
    return digits
  }

  public static let byteCount = 32

  /// 32 zero bytes: holds the place of a digest that is not known yet.
  public static var zero: Digest { Digest(finished: [UInt8](repeating: 0, count: byteCount)) }

  static func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }

  static func value(ofHexDigit digit: UInt8) -> UInt8? {
    switch digit {
    case 0x30...0x39: digit - 0x30
    case 0x61...0x66: digit - 0x57
    default: nil
    }
  }
}

/// SHA-256 of bytes that arrive in pieces.
public struct DigestStream {
  private var state = pk_sha256()

  public init() { unsafe pk_sha256_init(&state) }

  public mutating func update(_ bytes: RawSpan) {
    unsafe bytes.withUnsafeBytes { buffer in
      unsafe pk_sha256_update(&state, buffer.baseAddress, buffer.count)
    }
  }

  public mutating func update(_ bytes: [UInt8]) { update(bytes.span.bytes) }

  public consuming func finish() -> Digest {
    var result = [UInt8](repeating: 0, count: Digest.byteCount)
    unsafe result.withUnsafeMutableBufferPointer { buffer in
      if let address = buffer.baseAddress { unsafe pk_sha256_final(&state, address) }
    }
    return Digest(finished: result)
  }
}
