internal import CKernels

/// 32 bytes of SHA-256.
public struct Digest: Sendable, Equatable, Hashable {
  /// Stored inline instead of in an array, because a bundle's header has one digest per tensor.
  private var storage = SIMD32<UInt8>()

  private init() {}

  /// Nil unless there are exactly 32 bytes.
  public init?(_ bytes: [UInt8]) {
    guard bytes.count == Digest.byteCount else { return nil }
    for index in bytes.indices { storage[index] = bytes[index] }
  }

  fileprivate init(finishing state: inout pk_sha256) {
    unsafe withUnsafeMutableBytes(of: &storage) { buffer in
      if let address = buffer.baseAddress {
        unsafe pk_sha256_final(&state, address.assumingMemoryBound(to: UInt8.self))
      }
    }
  }

  /// Nil unless the bytes are 64 lower-case hex digits.
  init?(hex: ArraySlice<UInt8>) {
    guard hex.count == Digest.hexCount else { return nil }
    for index in 0..<Digest.byteCount {
      let first = hex.startIndex + 2 * index
      guard let high = Digest.value(ofHexDigit: hex[first]),
        let low = Digest.value(ofHexDigit: hex[first + 1])
      else { return nil }
      storage[index] = high << 4 | low
    }
  }

  public var bytes: [UInt8] { (0..<Digest.byteCount).map { storage[$0] } }

  /// 64 lower-case hex digits as UTF-8.
  public var hex: [UInt8] { (0..<Digest.hexCount).map { hexDigit(at: $0) } }

  /// One of the 64 lower-case hex digits.
  public func hexDigit(at index: Int) -> UInt8 {
    let byte = storage[index / 2]
    return Digest.hexDigit(index % 2 == 0 ? byte >> 4 : byte & 15)
  }

  public static let byteCount = 32
  public static let hexCount = 64

  /// 32 zero bytes, a placeholder for a digest that is not known yet.
  public static var zero: Digest { Digest() }

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

  public consuming func finish() -> Digest { Digest(finishing: &state) }
}
