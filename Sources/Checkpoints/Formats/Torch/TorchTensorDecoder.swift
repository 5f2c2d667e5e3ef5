internal import Archives
internal import TensorTypes

/// Turns the records of a pickle (`_rebuild_tensor_v2` and its like) into tensors over the archive's storages.
struct TorchTensorDecoder {
  private typealias Storage = (source: any ByteSource, dtype: DType?)

  let archive: TorchArchive
  let graph: PickleGraph
  private let limits: Limits
  private var sources: [String: any ByteSource] = [:]
  /// Members of `data/` that some decoded tensor lies in.
  private(set) var usedMembers: Set<String> = []

  init(archive: TorchArchive, graph: PickleGraph, limits: Limits) {
    self.archive = archive
    self.graph = graph
    self.limits = limits
  }

  /// Whether `value` is a tensor's record, readable or not.
  func isTensor(_ value: PickleValue) -> Bool { record(value) != nil }

  /// The tensor behind `value`.
  ///
  /// - Throws: `tensorRecordInvalid`, `unsupportedTensorKind`, `unsupportedDType`, `storageMissing`,
  ///   `storageSizeMismatch`, `tensorOutsideStorage` or `numberOverflow`, with the tensor's name.
  mutating func tensor(_ value: PickleValue, name: String) throws(ReadError) -> CheckpointTensor {
    do throws(ReadError) {
      guard let record = record(value) else { throw ReadError(.tensorRecordInvalid, expected: "a tensor") }
      return try tensor(record, name: name)
    } catch {
      throw error.inside(.tensor(name))
    }
  }

  /// Bytes that a record's elements take, for reports on what was ignored; zero when that cannot be told.
  func statedByteCount(_ value: PickleValue) -> Int {
    guard let record = record(value), record.arguments.count > 2,
      let sizes = try? sizes(record.arguments[2]), let count = elementCount(of: sizes),
      let storage = record.arguments.first.flatMap({ graph.persistentID(of: $0) }),
      let parts = graph.elements(of: storage), parts.count > 1,
      case .global(.storage(let dtype?)) = parts[1]
    else { return 0 }
    return count.multipliedReportingOverflow(by: dtype.byteWidth).partialValue
  }

  /// The record that holds storage and shape, behind any `nn.Parameter` around it.
  private func record(_ value: PickleValue) -> PickleObject? {
    guard let object = graph.object(of: value) else { return nil }
    switch object.global {
    case .rebuildTensor, .rebuildTensorV2, .rebuildTensorV3, .rebuildUnreadable: return object
    case .rebuildParameter, .rebuildParameterWithState:
      guard let inner = object.arguments.first.flatMap({ graph.object(of: $0) }) else { return nil }
      return switch inner.global {
      case .rebuildTensor, .rebuildTensorV2, .rebuildTensorV3, .rebuildUnreadable: inner
      default: nil
      }
    default: return nil
    }
  }

  /// Arguments: storage, offset, size, stride; then flags and hooks; version 3 has the element type at index 6.
  private mutating func tensor(_ record: PickleObject, name: String) throws(ReadError) -> CheckpointTensor {
    if case .rebuildUnreadable(let kind) = record.global {
      throw ReadError(.unsupportedTensorKind, found: kind)
    }
    let arguments = record.arguments
    guard arguments.count >= 4, let offset = arguments[1].integerValue else {
      throw ReadError(.tensorRecordInvalid, expected: "storage, offset, size and stride")
    }
    var (source, dtype) = try storage(arguments[0])
    if record.global == .rebuildTensorV3 {
      guard arguments.count >= 7, case .global(.torchDType(let stated)) = arguments[6] else {
        throw ReadError(.tensorRecordInvalid, expected: "an element type")
      }
      dtype = stated
    }
    guard let dtype else {
      throw ReadError(.unsupportedDType, found: "complex, 8-bit float or untyped elements")
    }
    let tensor = try CheckpointTensor(
      name: name, dtype: dtype, shape: try sizes(arguments[2]), strides: try sizes(arguments[3]),
      storageOffset: offset, isBigEndian: archive.isBigEndian, storage: source, file: archive.file.path)
    // A stride of zero repeats values without storing them: what is computed must stay in proportion to the file.
    guard tensor.byteCount <= source.byteCount || tensor.elementCount <= limits.expandedElements else {
      throw ReadError(
        .limitExceeded, expected: "at most \(limits.expandedElements) repeated elements",
        found: "\(tensor.elementCount)")
    }
    return tensor
  }

  /// A tuple of sizes, or the `torch.Size` around one.
  private func sizes(_ value: PickleValue) throws(ReadError) -> [Int] {
    if let object = graph.object(of: value), object.global == .torchSize, let inner = object.arguments.first {
      return try sizes(ofTuple: inner)
    }
    return try sizes(ofTuple: value)
  }

  private func sizes(ofTuple value: PickleValue) throws(ReadError) -> [Int] {
    guard let elements = graph.elements(of: value), elements.count <= limits.tensorRank else {
      throw ReadError(.tensorRecordInvalid, expected: "at most \(limits.tensorRank) sizes")
    }
    var sizes: [Int] = []
    for element in elements {
      guard let size = element.integerValue else {
        throw ReadError(.tensorRecordInvalid, expected: "sizes that are integers")
      }
      sizes.append(size)
    }
    return sizes
  }

  /// The storage a persistent id names: `('storage', class, key, location, element count)`.
  private mutating func storage(_ value: PickleValue) throws(ReadError) -> Storage {
    guard let id = graph.persistentID(of: value), let parts = graph.elements(of: id), parts.count >= 5,
      parts[0].stringValue == "storage", let key = parts[2].stringValue, let count = parts[4].integerValue,
      count >= 0
    else { throw ReadError(.tensorRecordInvalid, expected: "a storage with class, key, location and length") }
    switch parts[1] {
    case .global(.storage(let dtype)):
      return (try source(key, elements: count, byteWidth: dtype?.byteWidth), dtype)
    case .global(.untypedStorage): return (try source(key, elements: count, byteWidth: 1), nil)
    default: throw ReadError(.tensorRecordInvalid, expected: "a storage class")
    }
  }

  private mutating func source(
    _ key: String, elements: Int, byteWidth: Int?
  ) throws(ReadError) -> any ByteSource {
    let member = archive.storageName(key)
    let source: any ByteSource
    if let known = sources[key] {
      source = known
    } else {
      guard let entry = archive.zip[member] else { throw ReadError(.storageMissing, found: member) }
      source = archive.zip.source(of: entry)
      sources[key] = source
      usedMembers.insert(member)
    }
    guard let byteWidth else { return source }
    guard elements.multipliedReportingOverflow(by: byteWidth) == (source.byteCount, false) else {
      throw ReadError(
        .storageSizeMismatch, expected: "\(elements) elements of \(byteWidth) bytes",
        found: "\(source.byteCount) bytes", path: [.archiveMember(member)])
    }
    return source
  }
}
