/// One line of an error, built without the heap from literals, integers and C strings.
///
/// Truncated to the size of the C ABI's `pclip_error.message`.
struct FaultMessage: ExpressibleByStringInterpolation {
  private(set) var bytes = InlineArray<192, UInt8>(repeating: 0)
  private(set) var count = 0

  /// Bytes without the terminating zero.
  static let capacity = 191

  typealias StringLiteralType = StaticString

  init() {}

  init(stringLiteral literal: StaticString) { append(literal) }

  init(stringInterpolation: Interpolation) { self = stringInterpolation.message }

  struct Interpolation: StringInterpolationProtocol {
    typealias StringLiteralType = StaticString

    fileprivate var message = FaultMessage()

    init(literalCapacity: Int, interpolationCount: Int) {}

    mutating func appendLiteral(_ literal: StaticString) { message.append(literal) }
    mutating func appendInterpolation(_ literal: StaticString) { message.append(literal) }
    mutating func appendInterpolation(_ other: FaultMessage) { message.append(other) }
    mutating func appendInterpolation(_ number: Int) { message.append(number) }
    mutating func appendInterpolation(_ number: Int32) { message.append(Int(number)) }
    /// Appends a zero-terminated string. Control characters become question marks, so that the message stays one
    /// line.
    mutating func appendInterpolation(_ text: UnsafePointer<CChar>) { message.append(text) }
  }

  @inline(never)
  mutating func append(_ literal: StaticString) {
    literal.withUTF8Buffer { for byte in $0 { append(byte) } }
  }

  @inline(never)
  mutating func append(_ number: Int) {
    if number < 0 { append(UInt8(ascii: "-")) }
    var digits = InlineArray<20, UInt8>(repeating: 0)
    var digitCount = 0
    var rest = number.magnitude
    repeat {
      digits[digitCount] = UInt8(truncatingIfNeeded: rest % 10) + UInt8(ascii: "0")
      digitCount += 1
      rest /= 10
    } while rest > 0
    for index in (0..<digitCount).reversed() { append(digits[index]) }
  }

  @inline(never)
  mutating func append(_ text: UnsafePointer<CChar>) {
    var position = 0
    while text[position] != 0, count < FaultMessage.capacity {
      let byte = UInt8(bitPattern: text[position])
      append(byte < 0x20 || byte == 0x7F ? UInt8(ascii: "?") : byte)
      position += 1
    }
    // A character that does not fit is left out: up to three bytes follow its first one.
    guard text[position] != 0, UInt8(bitPattern: text[position]) & 0xC0 == 0x80 else { return }
    while count > 0, bytes[count - 1] & 0xC0 == 0x80 { count -= 1 }
    if count > 0 { count -= 1 }
  }

  @inline(never)
  mutating func append(_ other: FaultMessage) {
    for index in 0..<other.count { append(other.bytes[index]) }
  }

  mutating func append(_ byte: UInt8) {
    guard count < FaultMessage.capacity else { return }
    bytes[count] = byte
    count += 1
  }
}
