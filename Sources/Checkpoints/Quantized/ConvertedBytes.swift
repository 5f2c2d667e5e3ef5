internal import Archives
internal import Synchronization

/// Stored values as others that are computed from them. They are computed when first loaded and kept until released.
final class ConvertedBytes: ByteSource {
  typealias Compute = @Sendable (RawSpan, UnsafeMutableRawBufferPointer) -> Void

  let encoding: String?
  let byteCount: Int
  private let stored: any ByteSource
  private let compute: Compute
  private let content = Mutex<MappedFile?>(nil)

  /// - Parameters:
  ///   - byteCount: what the values take; in proportion to the stored ones.
  ///   - compute: writes them from the stored bytes.
  init(
    _ stored: any ByteSource, encoding: String, byteCount: Int, compute: @escaping Compute
  ) {
    self.stored = stored
    self.encoding = encoding
    self.byteCount = byteCount
    self.compute = compute
  }

  var storedRange: Range<Int>? { stored.storedRange }

  func load() throws(ReadError) -> FileSlice {
    let values = try content.withLock { cached throws(ReadError) in
      if let cached { return cached }
      let source = try stored.load()
      let values = try MappedFile(byteCount: byteCount, path: source.file.path) { output in
        compute(source.bytes, output)
      }
      cached = values
      return values
    }
    return FileSlice(file: values, range: 0..<byteCount)
  }

  func release() {
    content.withLock { $0 = nil }
    stored.release()
  }
}

extension ConvertedBytes {
  /// Eight-bit floats as FP16, which has each of their values.
  ///
  /// - Throws: `numberOverflow`.
  static func halves(_ stored: any ByteSource, _ format: Float8) throws(ReadError) -> ConvertedBytes {
    let (byteCount, overflows) = stored.byteCount.multipliedReportingOverflow(by: 2)
    guard !overflows else { throw ReadError(.numberOverflow, found: "\(stored.byteCount) elements") }
    return ConvertedBytes(stored, encoding: format.safetensorsName, byteCount: byteCount) { bytes, output in
      let table = (UInt8.min...UInt8.max).map(format.half)
      bytes.withUnsafeBytes { bytes in
        for index in bytes.indices {
          output.storeBytes(
            of: table[Int(bytes[index])].littleEndian, toByteOffset: 2 * index, as: UInt16.self)
        }
      }
    }
  }
}
