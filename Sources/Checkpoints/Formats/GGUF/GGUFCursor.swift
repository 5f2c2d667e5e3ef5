internal import Archives
internal import Bytes

/// Reads numbers and texts of a GGUF header in the file's byte order. Reading past the end reports a truncated file.
struct GGUFCursor: ~Escapable {
  private var cursor: ByteCursor
  let isBigEndian: Bool

  /// Past the magic and the version.
  @_lifetime(copy bytes)
  init(_ bytes: RawSpan, after start: Int, isBigEndian: Bool) throws(ReadError) {
    cursor = ByteCursor(bytes)
    self.isBigEndian = isBigEndian
    do throws(ByteFault) { try cursor.skip(start) } catch { throw Self.truncated(error) }
  }

  var offset: UInt64 { cursor.absoluteOffset }
  var remaining: Int { cursor.remaining }

  @_lifetime(self: copy self)
  mutating func uint8() throws(ReadError) -> UInt8 {
    do throws(ByteFault) { return try cursor.readUInt8() } catch { throw Self.truncated(error) }
  }

  @_lifetime(self: copy self)
  mutating func uint16() throws(ReadError) -> UInt16 {
    do throws(ByteFault) { return inOrder(try cursor.readUInt16()) } catch { throw Self.truncated(error) }
  }

  @_lifetime(self: copy self)
  mutating func uint32() throws(ReadError) -> UInt32 {
    do throws(ByteFault) { return inOrder(try cursor.readUInt32()) } catch { throw Self.truncated(error) }
  }

  @_lifetime(self: copy self)
  mutating func uint64() throws(ReadError) -> UInt64 {
    do throws(ByteFault) { return inOrder(try cursor.readUInt64()) } catch { throw Self.truncated(error) }
  }

  /// A count of items of at least `leastBytes` each, so never more than the file can hold.
  ///
  /// - Throws: `ggufCount`.
  @_lifetime(self: copy self)
  mutating func count(of what: StaticString, leastBytes: Int) throws(ReadError) -> Int {
    let start = offset
    let count = try uint64()
    guard count <= UInt64(remaining / leastBytes) else {
      throw ReadError(
        .ggufCount, at: start, expected: "at most \(remaining / leastBytes) \(what)", found: "\(count)")
    }
    return Int(count)
  }

  /// A text of at least one byte and at most `limit`.
  ///
  /// - Throws: `ggufCount`, `ggufText` or `limitExceeded`.
  @_lifetime(self: copy self)
  mutating func text(limit: Int, mayBeEmpty: Bool = false) throws(ReadError) -> String {
    let start = offset
    let length = try count(of: "bytes of text", leastBytes: 1)
    guard length <= limit else {
      throw ReadError(.limitExceeded, at: start, expected: "at most \(limit) bytes", found: "\(length)")
    }
    let bytes = try bytes(length)
    guard mayBeEmpty || length > 0 else { throw ReadError(.ggufText, at: start, expected: "a name") }
    guard let text = bytes.withUnsafeBytes({ String(validating: $0, as: UTF8.self) }) else {
      throw ReadError(.ggufText, at: start, expected: "UTF-8")
    }
    return text
  }

  @_lifetime(self: copy self)
  mutating func skip(_ count: Int) throws(ReadError) {
    do throws(ByteFault) { try cursor.skip(count) } catch { throw Self.truncated(error) }
  }

  @_lifetime(copy self)
  mutating func bytes(_ count: Int) throws(ReadError) -> RawSpan {
    do throws(ByteFault) { return try cursor.readBytes(count) } catch { throw Self.truncated(error) }
  }

  private func inOrder<Number: FixedWidthInteger>(_ number: Number) -> Number {
    isBigEndian ? number.byteSwapped : number
  }

  private static func truncated(_ fault: ByteFault) -> ReadError {
    ReadError(
      .truncatedFile, at: fault.byteOffset, expected: "\(fault.needed) bytes more",
      found: "\(fault.available)")
  }
}
