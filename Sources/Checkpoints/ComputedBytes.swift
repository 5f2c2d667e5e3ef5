internal import Archives
internal import Synchronization

/// Bytes that are computed from stored ones when first loaded, and kept until released.
final class ComputedBytes: ByteSource {
  /// Fills a buffer of `byteCount` bytes.
  typealias Computation = @Sendable (UnsafeMutableRawBufferPointer) throws(ReadError) -> Void

  let byteCount: Int
  let encoding: String?
  private let sources: [any ByteSource]
  private let compute: Computation
  private let content = Mutex<MappedFile?>(nil)

  /// - Parameters:
  ///   - byteCount: in proportion to what is stored, which the file was proved to have.
  ///   - sources: what is computed from, released with the result.
  init(
    byteCount: Int, encoding: String? = nil, from sources: [any ByteSource],
    _ compute: @escaping Computation
  ) {
    self.byteCount = byteCount
    self.encoding = encoding
    self.sources = sources
    self.compute = compute
  }

  /// Nil where it lies in pieces.
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
