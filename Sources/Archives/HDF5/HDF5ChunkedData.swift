internal import Synchronization

/// A chunk: its position in the dataset and in the file.
struct HDF5Chunk {
  /// Position of the first element on each axis, in units of chunks.
  var index: [Int]
  var stored: FileSlice
  /// Bit i: filter i was skipped.
  var mask: Int
}

/// A dataset in chunks. It is assembled on first load and kept until released.
final class HDF5ChunkedData: ByteSource {
  private let shape: [Int]
  private let chunkShape: [Int]
  private let elementBytes: Int
  private let chunks: [HDF5Chunk]
  private let filters: HDF5Filters
  private let assembled = Mutex<MappedFile?>(nil)
  let byteCount: Int

  /// - Precondition: `byteCount` is that of the dataset; the chunks cover it, each once, and the sum of their bytes
  ///   fits an
  ///   `Int`.
  init(
    byteCount: Int, shape: [Int], chunkShape: [Int], elementBytes: Int, chunks: [HDF5Chunk],
    filters: HDF5Filters
  ) {
    self.shape = shape
    self.chunkShape = chunkShape
    self.elementBytes = elementBytes
    self.chunks = chunks
    self.filters = filters
    self.byteCount = byteCount
  }

  var computedByteCount: Int { byteCount }

  func load() throws(ReadError) -> FileSlice {
    let content = try assembled.withLock { cached throws(ReadError) in
      if let cached { return cached }
      let content = try assemble()
      cached = content
      return content
    }
    return FileSlice(file: content, range: 0..<byteCount)
  }

  func release() {
    assembled.withLock { $0 = nil }
    for chunk in chunks { chunk.stored.release() }
  }

  private func assemble() throws(ReadError) -> MappedFile {
    try MappedFile(byteCount: byteCount, path: chunks.first?.stored.file.path ?? "") {
      output throws(ReadError) in
      for chunk in chunks {
        do throws(ReadError) {
          let decoder = HDF5ChunkDecoder(
            filters: filters.applied(mask: chunk.mask), byteCount: chunkShape.reduce(elementBytes, *))
          try decoder.decode(chunk.stored) { bytes in copy(bytes, of: chunk, into: output) }
        } catch {
          var error = error
          error.byteOffset = UInt64(chunk.stored.range.lowerBound)
          throw error
        }
      }
    }
  }

  /// Copies a chunk row by row along the last axis. Data beyond the dataset is padding.
  private func copy(_ bytes: RawSpan, of chunk: HDF5Chunk, into output: UnsafeMutableRawBufferPointer) {
    let origin = zip(chunk.index, chunkShape).map { $0 * $1 }
    let extents = shape.indices.map { min(chunkShape[$0], shape[$0] - origin[$0]) }
    let rows = extents.dropLast().reduce(1, *)
    let rowBytes = (extents.last ?? 1) * elementBytes
    bytes.withUnsafeBytes { source in
      for row in 0..<rows {
        var (rest, from, to) = (row, 0, origin.last ?? 0)
        var (chunkStride, stride) = (chunkShape.last ?? 1, shape.last ?? 1)
        for axis in shape.indices.dropLast().reversed() {
          let (quotient, position) = rest.quotientAndRemainder(dividingBy: extents[axis])
          rest = quotient
          from += position * chunkStride
          to += (origin[axis] + position) * stride
          chunkStride *= chunkShape[axis]
          stride *= shape[axis]
        }
        let run = UnsafeRawBufferPointer(
          rebasing: source[from * elementBytes..<from * elementBytes + rowBytes])
        UnsafeMutableRawBufferPointer(
          rebasing: output[to * elementBytes..<to * elementBytes + rowBytes]
        ).copyMemory(from: run)
      }
    }
  }
}
