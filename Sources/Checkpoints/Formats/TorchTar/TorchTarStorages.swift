internal import Archives
internal import Bytes
internal import TensorTypes

/// The member `storages`: a count; for each storage `(key, location, class)`, its element count and elements; then a
/// list of storages that are views of others, `(key, key of the base storage, offset, element count)`.
struct TorchTarStorages {
  struct Storage {
    var dtype: DType
    /// The range in the file.
    var range: Range<Int>
  }

  private(set) var all: [Int: Storage] = [:]

  /// The pickle of three values, and the count after it.
  private static let leastRecordBytes = 16

  /// - Throws: any `torchTar…` or `pickle…` code, `storageMissing`, `unsupportedDType`, `numberOverflow`,
  ///   `truncatedFile` or `limitExceeded`.
  init(_ member: FileSlice, limits: Limits) throws(ReadError) {
    var records = TorchTarRecords(member, limits: limits)
    for _ in 0..<(try records.count(leastBytes: Self.leastRecordBytes)) { try readStorage(&records) }
    try readViews(&records)
    try records.requireEnd()
  }

  private mutating func readStorage(_ records: inout TorchTarRecords) throws(ReadError) {
    let (key, _, kind) = try records.triple()
    guard case .global(.storage(let stated)) = kind else {
      throw ReadError(.torchTarRecord, at: records.offset, expected: "a storage class")
    }
    guard let dtype = stated else {
      throw ReadError(.unsupportedDType, at: records.offset, found: "complex elements")
    }
    let count = try records.size()
    guard let byteCount = checkedProduct(count, dtype.byteWidth) else {
      throw ReadError(.numberOverflow, at: records.offset, found: "\(count) elements")
    }
    try add(key, Storage(dtype: dtype, range: try records.skip(byteCount)), at: records.offset)
  }

  private mutating func readViews(_ records: inout TorchTarRecords) throws(ReadError) {
    let graph = try records.unpickle()
    guard case .list = graph.root, let views = graph.elements(of: graph.root) else {
      throw ReadError(.torchTarRecord, at: records.offset, expected: "a list of parts of storages")
    }
    for view in views {
      let numbers = (graph.elements(of: view) ?? []).compactMap(\.integerValue)
      guard numbers.count == 4, numbers.dropFirst(2).allSatisfy({ $0 >= 0 }) else {
        throw ReadError(.torchTarRecord, at: records.offset, expected: "two keys, offset and length")
      }
      guard let base = all[numbers[1]] else {
        throw ReadError(.storageMissing, at: records.offset, found: "\(numbers[1])")
      }
      try add(numbers[0], try base.part(numbers[2], numbers[3], at: records.offset), at: records.offset)
    }
  }

  private mutating func add(_ key: Int, _ storage: Storage, at offset: UInt64) throws(ReadError) {
    guard all.updateValue(storage, forKey: key) == nil else {
      throw ReadError(.torchTarDuplicateKey, at: offset, found: "\(key)")
    }
  }
}

extension TorchTarStorages.Storage {
  fileprivate func part(_ first: Int, _ count: Int, at offset: UInt64) throws(ReadError) -> Self {
    let width = dtype.byteWidth
    guard let end = checkedSum(first, count), end <= range.count / width else {
      throw ReadError(
        .torchTarView, at: offset, expected: "at most \(range.count / width) elements",
        found: "\(count) from \(first) on")
    }
    let start = range.lowerBound
    return Self(dtype: dtype, range: start + first * width..<start + end * width)
  }
}
