internal import Archives
internal import Bytes

/// A member that holds a pickled count and that many records, each a pickle followed by raw numbers.
struct TorchTarRecords {
  private var sequence: PickleSequence
  private let limits: Limits
  /// Offset of the last pickle that was read.
  private(set) var offset: UInt64 = 0

  init(_ slice: FileSlice, limits: Limits) {
    self.sequence = PickleSequence(slice, limits: limits)
    self.limits = limits
  }

  /// Reads the count before the records.
  ///
  /// - Parameter leastBytes: the smallest size of a record.
  /// - Throws: `torchTarRecord`, `torchTarCount`, `limitExceeded`, or any `pickle…` code.
  mutating func count(leastBytes: Int) throws(ReadError) -> Int {
    let root = try unpickle().root
    guard let count = root.integerValue, count >= 0 else {
      throw ReadError(.torchTarRecord, at: offset, expected: "a count")
    }
    guard count <= sequence.remaining / leastBytes else {
      throw ReadError(
        .torchTarCount, at: offset, expected: "at most \(sequence.remaining / leastBytes)",
        found: "\(count)")
    }
    guard count <= limits.tensors else {
      throw ReadError(
        .limitExceeded, at: offset, expected: "at most \(limits.tensors) records", found: "\(count)")
    }
    return count
  }

  mutating func unpickle() throws(ReadError) -> PickleGraph {
    offset = UInt64(sequence.position)
    return try sequence.unpickle()
  }

  /// Reads the next pickle, a tuple of three whose first item is a key.
  mutating func triple() throws(ReadError) -> (key: Int, PickleValue, PickleValue) {
    let graph = try unpickle()
    guard case .tuple = graph.root, let parts = graph.elements(of: graph.root), parts.count == 3,
      let key = parts[0].integerValue
    else { throw ReadError(.torchTarRecord, at: offset, expected: "a key and two values") }
    return (key, parts[1], parts[2])
  }

  mutating func int32() throws(ReadError) -> Int { Int(try sequence.int32()) }

  /// - Throws: `truncatedFile`, or `torchTarRecord` for a negative number.
  mutating func size() throws(ReadError) -> Int {
    let position = UInt64(sequence.position)
    let value = try sequence.int64()
    guard value >= 0 else {
      throw ReadError(.torchTarRecord, at: position, expected: "no negative number", found: "\(value)")
    }
    return Int(value)
  }

  mutating func sizes(_ count: Int) throws(ReadError) -> [Int] {
    var sizes: [Int] = []
    for _ in 0..<count { sizes.append(try size()) }
    return sizes
  }

  mutating func skip(_ byteCount: Int) throws(ReadError) -> Range<Int> { try sequence.skip(byteCount) }

  /// - Throws: `torchTarTrailingData`.
  func requireEnd() throws(ReadError) {
    guard sequence.remaining == 0 else {
      throw ReadError(
        .torchTarTrailingData, at: UInt64(sequence.position), found: "\(sequence.remaining) bytes")
    }
  }
}
