internal import Synchronization

/// Numbers stored as varints, decoded to little-endian elements on load.
package final class PackedVarints: ByteSource {
  private let file: MappedFile
  private let range: Range<Int>
  private let byteWidth: Int
  package let byteCount: Int
  private let decoded = Mutex<MappedFile?>(nil)

  /// - Throws: `protobufInvalid` if one of them is not a varint.
  package init(file: MappedFile, range: Range<Int>, byteWidth: Int, byteCount: Int) throws(ReadError) {
    self.file = file
    self.range = range
    self.byteWidth = byteWidth
    self.byteCount = byteCount
    var numbers = VarintRun(file: file, range: range)
    while try numbers.next() != nil {}
  }

  package var storedRange: Range<Int>? { range }

  package var computedByteCount: Int { byteCount }

  package func load() throws(ReadError) -> FileSlice {
    let content = try decoded.withLock { cached throws(ReadError) in
      if let cached { return cached }
      let content = try MappedFile(byteCount: byteCount, path: file.path) { output throws(ReadError) in
        try decode(into: output)
      }
      cached = content
      return content
    }
    return FileSlice(file: content, range: 0..<byteCount)
  }

  package func release() {
    decoded.withLock { $0 = nil }
    file.release(range)
  }

  /// Keeps the low bytes of each number. A negative number is stored as its 64-bit complement.
  private func decode(into output: UnsafeMutableRawBufferPointer) throws(ReadError) {
    var numbers = VarintRun(file: file, range: range)
    var position = 0
    while let number = try numbers.next(), position < output.count {
      withUnsafeBytes(of: number.littleEndian) { bytes in
        output[position..<position + byteWidth].copyBytes(from: bytes[..<byteWidth])
      }
      position += byteWidth
    }
  }
}

/// Packed numbers of variable length.
package struct VarintRun {
  private var fields: ProtobufFields
  private var remaining: Int

  package init(file: MappedFile, range: Range<Int>) {
    fields = ProtobufFields(file, range)
    remaining = range.count == 0 ? 0 : Self.count(file, range)
  }

  /// Nil after the last number.
  ///
  /// - Throws: `protobufInvalid` for a number that is truncated or too long.
  package mutating func next() throws(ReadError) -> UInt64? {
    guard remaining > 0 else { return nil }
    remaining -= 1
    return try fields.varint()
  }

  /// The number of varints in a run: the bytes that end one, plus one if the last byte does not.
  package static func count(_ file: MappedFile, _ range: Range<Int>) -> Int {
    file.bytes.extracting(range).withUnsafeBytes { bytes in
      var ends = 0
      for byte in bytes where byte < 0x80 { ends += 1 }
      return ends + ((bytes.last ?? 0) < 0x80 ? 0 : 1)
    }
  }
}
