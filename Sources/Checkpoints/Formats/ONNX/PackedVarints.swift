internal import Archives
internal import Synchronization

/// Numbers stored one varint each, decoded to little-endian elements when loaded.
final class PackedVarints: ByteSource {
  private let file: MappedFile
  private let range: Range<Int>
  private let byteWidth: Int
  let byteCount: Int
  private let decoded = Mutex<MappedFile?>(nil)

  /// - Throws: `protobufInvalid` where one of them is no varint.
  init(file: MappedFile, range: Range<Int>, byteWidth: Int, byteCount: Int) throws(ReadError) {
    self.file = file
    self.range = range
    self.byteWidth = byteWidth
    self.byteCount = byteCount
    var numbers = VarintRun(file: file, range: range)
    while try numbers.next() != nil {}
  }

  var storedRange: Range<Int>? { range }

  func load() throws(ReadError) -> FileSlice {
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

  func release() {
    decoded.withLock { $0 = nil }
    file.release(range)
  }

  /// The low bytes of each number: a negative one is stored as its 64-bit complement.
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
