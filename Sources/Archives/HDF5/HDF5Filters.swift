/// The filters that were applied to each chunk on writing, in this order.
struct HDF5Filters {
  enum Filter: Equatable {
    case deflate
    /// The first bytes of all elements, then the second ones, and so on.
    case shuffle(elementBytes: Int)
    /// A checksum in the last four bytes.
    case fletcher32

    /// Bytes that the filter adds to a chunk.
    var addedBytes: Int { self == .fletcher32 ? 4 : 0 }
  }

  private(set) var filters: [Filter] = []

  init() {}

  /// - Throws: `hdf5Filter` for an unknown or repeated filter; `hdf5Version`, `hdf5TooShort`.
  init(_ message: HDF5Cursor) throws(ReadError) {
    var cursor = message
    let version = try cursor.version(1...2, of: "filter pipeline")
    let count = try cursor.small(1)
    if version == 1 { try cursor.skip(6) }
    for _ in 0..<count {
      let offset = cursor.offset
      let filter = try Self.filter(&cursor, version)
      guard !filters.contains(where: { $0.isSameKind(as: filter) }) else {
        throw ReadError(.hdf5Filter, at: offset, found: "\(filter) twice")
      }
      filters.append(filter)
    }
  }

  private static func filter(_ cursor: inout HDF5Cursor, _ version: Int) throws(ReadError) -> Filter {
    let offset = cursor.offset
    let number = try cursor.small(2)
    // Version 2 omits the names of the library's own filters.
    let nameCount = version == 1 || number >= 256 ? try cursor.small(2) : 0
    try cursor.skip(2)
    let valueCount = try cursor.small(2)
    let name = try cursor.bytes(version == 1 ? (nameCount + 7) / 8 * 8 : nameCount)
    var values: [Int] = []
    for _ in 0..<valueCount { values.append(try cursor.small(4)) }
    if version == 1, valueCount % 2 != 0 { try cursor.skip(4) }
    switch number {
    case 1: return .deflate
    case 2:
      guard let width = values.first, width > 0 else {
        throw ReadError(.hdf5Filter, at: offset, found: "shuffle without the width of an element")
      }
      return .shuffle(elementBytes: width)
    case 3: return .fletcher32
    default:
      let text = String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
      throw ReadError(.hdf5Filter, at: offset, found: text.isEmpty ? Self.name(number) : "\(number), \(text)")
    }
  }

  private static func name(_ number: Int) -> String {
    switch number {
    case 4: "4, szip"
    case 5: "5, n-bit"
    case 6: "6, scale-offset"
    default: "\(number)"
    }
  }

  /// The filters that were applied to a chunk. Each bit set in its mask marks a skipped filter.
  func applied(mask: Int) -> [Filter] {
    filters.enumerated().filter { mask >> $0.offset & 1 == 0 }.map(\.element)
  }
}

extension HDF5Filters.Filter {
  fileprivate func isSameKind(as other: Self) -> Bool {
    switch (self, other) {
    case (.deflate, .deflate), (.shuffle, .shuffle), (.fletcher32, .fletcher32): true
    case (.deflate, _), (.shuffle, _), (.fletcher32, _): false
    }
  }
}
