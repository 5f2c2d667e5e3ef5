internal import Bytes
internal import TensorTypes

/// The extents of a dataset or attribute.
struct HDF5Dataspace {
  /// Nil for the null dataspace, which has no elements and no shape.
  let shape: [Int]?

  /// - Throws: `hdf5Version`, `hdf5TooShort`, `limitExceeded` or `numberOverflow`.
  init(_ message: HDF5Cursor, limits: Limits) throws(ReadError) {
    var cursor = message
    let version = try cursor.version(1...2, of: "dataspace")
    let place = cursor.offset
    let rank = try cursor.small(1)
    guard rank <= limits.tensorRank else {
      throw ReadError(
        .limitExceeded, at: place, expected: "at most \(limits.tensorRank) axes", found: "\(rank)")
    }
    try cursor.skip(1)
    let isNull = version == 2 ? try cursor.small(1) == 2 : false
    if version == 1 { try cursor.skip(5) }
    var shape: [Int] = []
    for _ in 0..<rank { shape.append(try cursor.length()) }
    guard elementCount(of: shape) != nil else {
      throw ReadError(.numberOverflow, at: place, found: "shape \(shape)")
    }
    self.shape = isNull ? nil : shape
  }
}
