package import Archives
internal import Synchronization
internal import TensorTypes

/// Bytes that are computed from stored ones on first load, and kept until released.
final class ComputedBytes: ByteSource {
  /// Fills a buffer of `byteCount` bytes.
  typealias Computation = @Sendable (UnsafeMutableRawBufferPointer) throws(ReadError) -> Void

  let byteCount: Int
  let encoding: String?
  private let sources: [any ByteSource]
  private let compute: Computation
  private let content = Mutex<MappedFile?>(nil)

  /// - Parameters:
  ///   - byteCount: proportional to the stored bytes, which the caller has checked.
  ///   - sources: the inputs of the computation, released with the result.
  init(
    byteCount: Int, encoding: String? = nil, from sources: [any ByteSource],
    _ compute: @escaping Computation
  ) {
    self.byteCount = byteCount
    self.encoding = encoding
    self.sources = sources
    self.compute = compute
  }

  var computedByteCount: Int { sources.reduce(byteCount) { saturatingSum($0, $1.computedByteCount) } }

  /// Nil if the bytes are not contiguous.
  var storedRange: Range<Int>? { sources.count == 1 ? sources[0].storedRange : nil }

  func load() throws(ReadError) -> FileSlice {
    let content = try content.withLock { cached throws(ReadError) in
      if let cached { return cached }
      let path = try sources.first?.load().file.path ?? ""
      let computed = try MappedFile(byteCount: byteCount, path: path, fill: compute)
      cached = computed
      return computed
    }
    return FileSlice(file: content, range: 0..<byteCount)
  }

  func release() {
    content.withLock { $0 = nil }
    for source in sources { source.release() }
  }
}

extension ComputedBytes {
  /// Converts eight-bit floats to FP16, which represents each of their values.
  ///
  /// - Throws: `numberOverflow`.
  static func float16(
    _ stored: any ByteSource, _ format: Float8
  ) throws(ReadError) -> ComputedBytes {
    let (byteCount, overflows) = stored.byteCount.multipliedReportingOverflow(by: 2)
    guard !overflows else { throw ReadError(.numberOverflow, found: "\(stored.byteCount) elements") }
    return ComputedBytes(
      byteCount: byteCount, encoding: format.safetensorsName, from: [stored]
    ) { output throws(ReadError) in
      let table = (UInt8.min...UInt8.max).map(format.half)
      let content = try stored.load()
      content.bytes.withUnsafeBytes { bytes in
        for index in bytes.indices {
          output.storeBytes(
            of: table[Int(bytes[index])].littleEndian, toByteOffset: 2 * index, as: UInt16.self)
        }
      }
    }
  }
}

extension CheckpointTensor {
  /// Reinterprets the elements, one byte each, as floats of this format. If other tensors share the storage, only the
  /// part that this tensor reaches is computed.
  ///
  /// - Throws: `numberOverflow`.
  package func asFloat16(_ format: Float8) throws(ReadError) -> CheckpointTensor {
    let part =
      reach == 0..<storage.byteCount ? storage : PartialSource(storage, range: reach)
    return try CheckpointTensor(
      name: name, dtype: .f16, shape: shape, strides: strides, storageOffset: 0,
      storage: ComputedBytes.float16(part, format), file: file)
  }
}
