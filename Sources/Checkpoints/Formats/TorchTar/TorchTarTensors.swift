internal import Archives
internal import TensorTypes

/// The members `tensors` and `pickle`: the object references each tensor by its key, as text.
///
/// `tensors` holds a count; for each tensor `(key, key of its storage, class)`, the number of axes in eight bytes
/// (four are used), then sizes, strides and offset.
struct TorchTarTensors: TorchTensors {
  private struct Record {
    var storage: TorchTarStorages.Storage
    var sizes: [Int]
    var strides: [Int]
    var offset: Int
  }

  let graph: PickleGraph
  private let file: MappedFile
  let limits: Limits
  private var records: [Int: Record] = [:]

  /// The pickle of three values, the number of axes, the offset.
  private static let leastRecordBytes = 24

  /// - Throws: any `torchTar…` code, `storageMissing`, `truncatedFile` or `limitExceeded`.
  init(
    _ graph: PickleGraph, tensors member: FileSlice, storages: TorchTarStorages, limits: Limits
  ) throws(ReadError) {
    self.graph = graph
    self.file = member.file
    self.limits = limits
    var records = TorchTarRecords(member, limits: limits)
    for _ in 0..<(try records.count(leastBytes: Self.leastRecordBytes)) {
      try readTensor(&records, storages)
    }
    try records.requireEnd()
  }

  private mutating func readTensor(
    _ records: inout TorchTarRecords, _ storages: TorchTarStorages
  ) throws(ReadError) {
    let (key, storageKey, kind) = try records.triple()
    let start = records.offset
    guard kind == .global(.tensorClass), let storageKey = storageKey.integerValue else {
      throw ReadError(.torchTarRecord, at: start, expected: "a storage and a tensor class")
    }
    guard let storage = storages.all[storageKey] else {
      throw ReadError(.storageMissing, at: start, found: "\(storageKey)")
    }
    let rank = try records.int32()
    guard (0...limits.tensorRank).contains(rank) else {
      throw ReadError(
        .torchTarRecord, at: start, expected: "at most \(limits.tensorRank) axes", found: "\(rank)")
    }
    _ = try records.skip(4)
    let record = Record(
      storage: storage, sizes: try records.sizes(rank), strides: try records.sizes(rank),
      offset: try records.size())
    guard self.records.updateValue(record, forKey: key) == nil else {
      throw ReadError(.torchTarDuplicateKey, at: start, found: "\(key)")
    }
  }

  /// Checks that everything that the object references exists.
  ///
  /// - Throws: `torchTarReference`.
  func requireReferences(to storages: TorchTarStorages) throws(ReadError) {
    for id in graph.persistentIDs {
      guard let key = id.keyValue else {
        throw ReadError(.torchTarReference, expected: "a key as text")
      }
      guard records[key] != nil || storages.all[key] != nil else {
        throw ReadError(.torchTarReference, found: "\(key)")
      }
    }
  }

  func isTensor(_ value: PickleValue) -> Bool { record(value) != nil }

  /// - Throws: `tensorRecordInvalid`, `tensorOutsideStorage`, `numberOverflow` or `limitExceeded`.
  func tensor(_ value: PickleValue, name: String) throws(ReadError) -> CheckpointTensor {
    do throws(ReadError) {
      guard let record = record(value) else { throw ReadError(.tensorRecordInvalid, expected: "a tensor") }
      return try CheckpointTensor(
        name: name, dtype: record.storage.dtype, shape: record.sizes, strides: record.strides,
        storageOffset: record.offset, isBigEndian: false,
        storage: FileSlice(file: file, range: record.storage.range), file: file.path, limits: limits)
    } catch {
      throw error.inside(.tensor(name))
    }
  }

  func statedByteCount(_ value: PickleValue) -> Int {
    guard let record = record(value), let count = elementCount(of: record.sizes) else { return 0 }
    return count.multipliedReportingOverflow(by: record.storage.dtype.byteWidth).partialValue
  }

  private func record(_ value: PickleValue) -> Record? {
    graph.persistentID(of: value)?.keyValue.flatMap { records[$0] }
  }
}

extension PickleValue {
  /// A key that was pickled as text.
  fileprivate var keyValue: Int? {
    stringValue.flatMap { text in
      // Limits the digits, because a pickle can reference a long text many times.
      guard text.utf8.count <= 20, let key = Int(text), "\(key)" == text else { return nil }
      return key
    }
  }
}
