internal import Archives
internal import Synchronization

/// An array of more than 2^30 bytes. Flax writes it as a map of flat chunks: `shape` and `chunks` map decimal
/// positions to extents and to one-dimensional arrays.
struct FlaxChunks {
  static let marker = "__msgpack_chunked_array__"

  private var extents: [Int: Int] = [:]
  private var chunks: [Int: FlaxArray] = [:]
  private let offset: Int
  private let limits: Limits

  /// - Parameter depth: number of keys above the map.
  /// - Throws: `flaxChunksInvalid`.
  init(_ leaves: ArraySlice<FlaxTree.Leaf>, depth: Int, at offset: Int, limits: Limits) throws(ReadError) {
    self.offset = offset
    self.limits = limits
    for leaf in leaves where leaf.path[depth] != Self.marker {
      guard leaf.path.count == depth + 2, let position = Int(leaf.key), "\(position)" == leaf.key else {
        throw invalid("numbered extents and chunks", found: leaf.name)
      }
      switch leaf.value {
      case .integer(let extent) where leaf.path[depth] == "shape" && extent >= 0: extents[position] = extent
      case .array(let array) where leaf.path[depth] == "chunks": chunks[position] = array
      case .integer, .array, .other: throw invalid("extents and arrays", found: leaf.name)
      }
    }
  }

  /// - Throws: `flaxChunksInvalid`, `flaxArrayBytes`, `numberOverflow` or `limitExceeded`.
  func joined() throws(ReadError) -> FlaxArray {
    guard extents.count <= limits.tensorRank else {
      throw ReadError(.limitExceeded, at: UInt64(offset), expected: "at most \(limits.tensorRank) axes")
    }
    let shape = try inOrder(extents, "extents")
    let parts = try inOrder(chunks, "chunks")
    guard let dtype = parts.first?.dtype, parts.allSatisfy({ $0.dtype == dtype && $0.shape.count == 1 })
    else {
      throw invalid("flat chunks of one type", found: nil)
    }
    return try FlaxArray(chunks: parts, dtype: dtype, shape: shape, at: offset)
  }

  private func inOrder<Element>(_ items: [Int: Element], _ what: String) throws(ReadError) -> [Element] {
    var ordered: [Element] = []
    for position in 0..<items.count {
      guard let item = items[position] else {
        throw invalid("\(what) from 0 to \(items.count - 1)", found: nil)
      }
      ordered.append(item)
    }
    return ordered
  }

  private func invalid(_ expected: String, found: String?) -> ReadError {
    ReadError(.flaxChunksInvalid, at: UInt64(offset), expected: expected, found: found)
  }
}

/// Consecutive ranges of one file that form a tensor, copied together on load and kept until released.
final class ChunkedBytes: ByteSource {
  let byteCount: Int
  private let file: MappedFile
  private let pieces: [Range<Int>]
  private let joined = Mutex<MappedFile?>(nil)

  /// - Precondition: the ranges are inside the file, and the sum of their lengths does not overflow.
  init(_ pieces: [Range<Int>], of file: MappedFile) {
    self.file = file
    self.pieces = pieces
    self.byteCount = pieces.reduce(0) { $0 + $1.count }
  }

  var computedByteCount: Int { byteCount }

  func load() throws(ReadError) -> FileSlice {
    let content = try joined.withLock { cached throws(ReadError) in
      if let cached { return cached }
      let content = try join()
      cached = content
      return content
    }
    return FileSlice(file: content, range: 0..<byteCount)
  }

  func release() {
    joined.withLock { $0 = nil }
    for piece in pieces { file.release(piece) }
  }

  private func join() throws(ReadError) -> MappedFile {
    try MappedFile(byteCount: byteCount, path: file.path) { output throws(ReadError) in
      var written = 0
      for piece in pieces {
        let target = UnsafeMutableRawBufferPointer(rebasing: output[written..<written + piece.count])
        let source = FileSlice(file: file, range: piece)
        source.bytes.withUnsafeBytes { target.copyMemory(from: $0) }
        written += piece.count
      }
    }
  }
}
