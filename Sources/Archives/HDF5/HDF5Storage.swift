internal import Bytes

/// Finds the bytes of a dataset from its layout message.
struct HDF5Storage {
  let space: HDF5Space
  let limits: Limits
  let shape: [Int]
  let elementBytes: Int
  /// Bytes of the complete dataset.
  private let byteCount: Int

  /// - Throws: `numberOverflow`.
  init(_ space: HDF5Space, limits: Limits, shape: [Int], elementBytes: Int) throws(ReadError) {
    guard let byteCount = Self.product(shape + [elementBytes]) else {
      throw ReadError(.numberOverflow, found: "shape \(shape) of \(elementBytes) bytes each")
    }
    self.space = space
    self.limits = limits
    self.shape = shape
    self.elementBytes = elementBytes
    self.byteCount = byteCount
  }

  private static func product(_ numbers: [Int]) -> Int? {
    if numbers.contains(0) { return 0 }
    var result = 1
    for number in numbers {
      guard let next = checkedProduct(result, number) else { return nil }
      result = next
    }
    return result
  }

  /// - Throws: `hdf5Storage`, `hdf5Chunks`, `storageSizeMismatch`, `limitExceeded` and any structural code.
  func source(_ layout: HDF5Cursor, filters: HDF5Filters) throws(ReadError) -> any ByteSource {
    var cursor = layout
    let version = try cursor.version(3...4, of: "layout message")
    let offset = cursor.offset
    switch try cursor.small(1) {
    case 0: return try compact(&cursor)
    case 1: return try contiguous(&cursor)
    case 2 where version == 3: return try chunked(&cursor, filters)
    case 2: return try singleChunk(&cursor, filters)
    case 3:
      throw ReadError(.hdf5Storage, at: offset, found: "a virtual dataset: its values are in other files")
    case let kind: throw ReadError(.hdf5Message, at: offset, expected: "a layout of 0...3", found: "\(kind)")
    }
  }

  /// The bytes are in the message itself.
  private func compact(_ cursor: inout HDF5Cursor) throws(ReadError) -> FileSlice {
    let offset = cursor.offset
    let count = try cursor.small(2)
    try requireSize(count, at: offset)
    return slice(try cursor.take(count))
  }

  private func contiguous(_ cursor: inout HDF5Cursor) throws(ReadError) -> FileSlice {
    let offset = cursor.offset
    let address = try cursor.address()
    let count = try cursor.length()
    try requireSize(count, at: offset)
    guard count > 0 else { return slice(0..<0) }
    guard address != nil else {
      throw ReadError(.hdf5Storage, at: offset, found: "a dataset that was never written")
    }
    return slice(try space.claim("dataset", at: address, count: count).range)
  }

  private func requireSize(_ count: Int, at offset: UInt64) throws(ReadError) {
    guard count == byteCount else {
      throw ReadError(
        .storageSizeMismatch, at: offset, expected: "\(byteCount) bytes for shape \(shape)", found: "\(count)"
      )
    }
  }

  private func slice(_ range: Range<Int>) -> FileSlice {
    let base = space.file.range.lowerBound
    return FileSlice(file: space.file.file, range: base + range.lowerBound..<base + range.upperBound)
  }

  // MARK: Chunks

  private func chunked(_ cursor: inout HDF5Cursor, _ filters: HDF5Filters) throws(ReadError) -> any ByteSource
  {
    let rank = try axes(&cursor)
    let tree = try cursor.address()
    let grid = try grid(&cursor, rank: rank, width: 4)
    var chunks: [HDF5Chunk] = []
    if byteCount > 0 {
      for leaf in try HDF5Tree.leaves(of: .chunks(rank: rank), at: tree, in: space) {
        chunks.append(try chunk(leaf, grid, filters))
      }
    }
    try requireAll(chunks, of: grid, at: cursor.offset)
    return data(chunks, grid, filters)
  }

  /// Version 4 with its simplest index: the dataset is one chunk.
  private func singleChunk(
    _ cursor: inout HDF5Cursor, _ filters: HDF5Filters
  ) throws(ReadError) -> any ByteSource {
    let flagsOffset = cursor.offset
    let flags = try cursor.small(1)
    guard flags & ~0x02 == 0 else {
      // Bit 0: chunks that extend beyond the dataset are stored without filters.
      throw ReadError(.hdf5Storage, at: flagsOffset, found: "chunks with flags \(flags) (libver='latest')")
    }
    let rank = try axes(&cursor)
    let widthOffset = cursor.offset
    let width = try cursor.small(1)
    guard (1...8).contains(width) else {
      throw ReadError(.hdf5Message, at: widthOffset, expected: "extents of 1 to 8 bytes", found: "\(width)")
    }
    let grid = try grid(&cursor, rank: rank, width: width)
    let offset = cursor.offset
    let index = try cursor.small(1)
    guard index == 1 else {
      throw ReadError(
        .hdf5Storage, at: offset, found: "chunks indexed by \(Self.indexName(index)) (libver='latest')")
    }
    let isFiltered = flags & 0x02 != 0
    let count = isFiltered ? try cursor.length() : grid.chunkBytes
    let mask = isFiltered ? try cursor.small(4) : 0
    guard byteCount > 0 else { return slice(0..<0) }
    let zero = [Int](repeating: 0, count: rank)
    let chunks = [try chunk(at: try cursor.address(), count, zero, mask, grid, filters, offset: offset)]
    try requireAll(chunks, of: grid, at: offset)
    return data(chunks, grid, filters)
  }

  private static func indexName(_ number: Int) -> String {
    switch number {
    case 2: "position"
    case 3: "a fixed array"
    case 4: "an extensible array"
    case 5: "a version 2 B-tree"
    default: "index \(number)"
    }
  }

  /// Chunk layouts have one additional axis, for the bytes of an element.
  private func axes(_ cursor: inout HDF5Cursor) throws(ReadError) -> Int {
    let offset = cursor.offset
    let rank = try cursor.small(1) - 1
    guard rank == shape.count, rank > 0 else {
      throw ReadError(
        .hdf5Message, at: offset, expected: "chunks of \(shape.count) axes, at least one", found: "\(rank)")
    }
    return rank
  }

  private struct Grid {
    var chunkShape: [Int]
    var chunkBytes: Int
    /// Chunks along each axis.
    var extents: [Int]
    var count: Int
  }

  private func grid(_ cursor: inout HDF5Cursor, rank: Int, width: Int) throws(ReadError) -> Grid {
    let offset = cursor.offset
    var chunkShape: [Int] = []
    for _ in 0..<rank { chunkShape.append(try cursor.count(width)) }
    let element = try cursor.count(width)
    guard element == elementBytes, chunkShape.allSatisfy({ $0 > 0 }) else {
      throw ReadError(
        .hdf5Message, at: offset, expected: "chunks with extents, of elements of \(elementBytes) bytes",
        found: "\(chunkShape) of \(element)")
    }
    let extents = zip(shape, chunkShape).map { $0 / $1 + ($0 % $1 == 0 ? 0 : 1) }
    guard let bytes = Self.product(chunkShape + [element]), let count = Self.product(extents) else {
      throw ReadError(.numberOverflow, at: offset, found: "chunks of \(chunkShape)")
    }
    return Grid(chunkShape: chunkShape, chunkBytes: bytes, extents: extents, count: count)
  }

  private func chunk(
    _ leaf: HDF5Tree.Leaf, _ grid: Grid, _ filters: HDF5Filters
  ) throws(ReadError) -> HDF5Chunk {
    var key = leaf.key
    let offset = key.offset
    let (count, mask) = (try key.small(4), try key.small(4))
    var index: [Int] = []
    for axis in shape.indices {
      let (quotient, remainder) = try key.count(8).quotientAndRemainder(dividingBy: grid.chunkShape[axis])
      guard remainder == 0, quotient < grid.extents[axis] else {
        throw ReadError(
          .hdf5Chunks, at: offset, expected: "chunks of \(grid.chunkShape) in \(shape)",
          found: "one that begins elsewhere on axis \(axis)")
      }
      index.append(quotient)
    }
    // The axis of an element's bytes must start at 0, because readers never look up other chunks.
    guard try key.count(8) == 0 else {
      throw ReadError(
        .hdf5Chunks, at: offset, expected: "chunks of complete elements",
        found: "one that begins inside an element")
    }
    return try chunk(at: leaf.address, count, index, mask, grid, filters, offset: offset)
  }

  /// Charged for a chunk: its index, its range, and its position in the grid.
  private static let chunkBytes = 256

  /// - Throws: `limitExceeded` if the stored bytes are too few to decode to the chunk's size, `budgetExceeded` if the
  ///   total of all chunks of the file is.
  private func chunk(
    at address: UInt64?, _ count: Int, _ index: [Int], _ mask: Int, _ grid: Grid, _ filters: HDF5Filters,
    offset: UInt64
  ) throws(ReadError) -> HDF5Chunk {
    let applied = filters.applied(mask: mask)
    let isDeflated = applied.contains(.deflate)
    let plain = grid.chunkBytes.addingReportingOverflow(applied.reduce(0) { $0 + $1.addedBytes })
    guard !plain.overflow, isDeflated || count == plain.partialValue else {
      throw ReadError(
        .hdf5Chunks, at: offset, expected: "a chunk of \(grid.chunkBytes) bytes", found: "\(count)")
    }
    let stored = try space.claim("chunk", at: address, count: count).range
    let most = UInt64(count).multipliedReportingOverflow(by: limits.inflationRatio)
    guard
      !isDeflated || most.overflow
        || UInt64(plain.partialValue) <= max(most.partialValue, limits.inflationAllowance)
    else {
      throw ReadError(
        .limitExceeded, at: offset, expected: "at most \(limits.inflationRatio) bytes from each stored one",
        found: "\(plain.partialValue) bytes from \(count)")
    }
    if isDeflated { try limits.inflate(plain.partialValue, at: offset) }
    try limits.charge(Self.chunkBytes, for: "chunks of HDF5", at: offset)
    return HDF5Chunk(index: index, stored: slice(stored), mask: mask)
  }

  /// Requires a chunk at each position of the grid. No position has two, because the keys of an index ascend.
  private func requireAll(_ chunks: [HDF5Chunk], of grid: Grid, at offset: UInt64) throws(ReadError) {
    guard chunks.count == grid.count else {
      throw ReadError(
        .hdf5Chunks, at: offset, expected: "\(grid.count) chunks of \(grid.chunkShape) for shape \(shape)",
        found: "\(chunks.count)")
    }
  }

  private func data(_ chunks: [HDF5Chunk], _ grid: Grid, _ filters: HDF5Filters) -> HDF5ChunkedData {
    HDF5ChunkedData(
      byteCount: byteCount, shape: shape, chunkShape: grid.chunkShape, elementBytes: elementBytes,
      chunks: chunks, filters: filters)
  }
}

extension HDF5Cursor {
  /// The range of the remaining bytes.
  fileprivate var range: Range<Int> { position..<end }
}
