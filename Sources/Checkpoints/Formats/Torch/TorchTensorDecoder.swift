internal import Archives
internal import TensorTypes

/// Turns the records of a pickle (`_rebuild_tensor_v2` and similar) into tensors over the file's storages.
struct TorchTensorDecoder<Storages: TorchStorages>: TorchTensors {
  let graph: PickleGraph
  private(set) var storages: Storages
  let limits: Limits

  init(_ graph: PickleGraph, storages: Storages, limits: Limits) {
    self.graph = graph
    self.storages = storages
    self.limits = limits
  }

  func isTensor(_ value: PickleValue) -> Bool { record(value) != nil }

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

  func statedByteCount(_ value: PickleValue) -> Int {
    guard let record = record(value), record.arguments.count > 2,
      let sizes = try? sizes(record.arguments[2]), let count = elementCount(of: sizes),
      let storage = record.arguments.first.flatMap({ graph.persistentID(of: $0) }),
      let parts = graph.elements(of: storage), parts.count > 1,
      case .global(.storage(let dtype?)) = parts[1]
    else { return 0 }
    return count.multipliedReportingOverflow(by: dtype.byteWidth).partialValue
  }

  /// The record that holds storage and shape, inside an `nn.Parameter` if there is one.
  private func record(_ value: PickleValue) -> PickleObject? {
    guard let object = graph.object(of: value) else { return nil }
    guard object.global.product == .parameter else { return record(of: object) }
    return object.arguments.first.flatMap { graph.object(of: $0) }.flatMap { record(of: $0) }
  }

  private func record(of object: PickleObject) -> PickleObject? {
    switch object.global.product {
    case .tensor: object
    case .typedTensor: recordFromType(object)
    case .parameter, .other: nil
    }
  }

  /// Unwraps a plain tensor with extra Python attributes, which do not affect its values. A subclass can give them a
  /// meaning, so it is not unwrapped.
  private func recordFromType(_ object: PickleObject) -> PickleObject {
    let parts = object.arguments
    guard parts.count == 4, case .global(let function) = parts[0], parts[1] == .global(.plainTensor),
      function == .rebuildTensorV2 || function == .rebuildTensorV3, let inner = graph.elements(of: parts[2])
    else {
      var name = "tensor subclass"
      if parts.count > 1, case .global(.opaque(let module, let subclass)) = parts[1] {
        name += " \(module).\(subclass)"
      }
      return PickleObject(global: .rebuildUnreadable(name), arguments: [])
    }
    return PickleObject(global: function, arguments: inner)
  }

  /// Argument counts of PyTorch's functions: storage, offset, size, stride; from version 2 on also a flag and hooks,
  /// which are not used; in version 3 the element type; last, optional metadata.
  private static func argumentCounts(of function: PickleGlobal) -> ClosedRange<Int> {
    if function == .rebuildTensorV3 { return 7...8 }
    return function == .rebuildTensorV2 ? 6...7 : 4...4
  }

  private mutating func tensor(_ record: PickleObject, name: String) throws(ReadError) -> CheckpointTensor {
    if case .rebuildUnreadable(let kind) = record.global {
      throw ReadError(.unsupportedTensorKind, found: kind, advice: Self.remedies[kind])
    }
    let arguments = record.arguments
    let counts = Self.argumentCounts(of: record.global)
    guard counts.contains(arguments.count) else {
      throw ReadError(
        .tensorRecordInvalid, expected: "\(counts.lowerBound) to \(counts.upperBound) arguments",
        found: "\(arguments.count)")
    }
    guard let offset = arguments[1].integerValue else {
      throw ReadError(.tensorRecordInvalid, expected: "storage, offset, size and stride")
    }
    guard let id = graph.persistentID(of: arguments[0]) else {
      throw ReadError(.tensorRecordInvalid, expected: "a storage")
    }
    let reference = try StorageReference(id, in: graph)
    let source = try storages.source(of: reference)
    var dtype = reference.dtype
    var float8: Float8?
    if record.global == .rebuildTensorV3 {
      guard case .global(let type) = arguments[6] else {
        throw ReadError(.tensorRecordInvalid, expected: "an element type")
      }
      if case .torchFloat8(let format) = type {
        (float8, dtype) = (format, .u8)
      } else {
        guard case .torchDType(let stated) = type else {
          throw ReadError(.tensorRecordInvalid, expected: "an element type")
        }
        dtype = stated
      }
    }
    if arguments.count > counts.lowerBound { try checkMetadata(arguments[counts.lowerBound]) }
    guard let dtype else {
      throw ReadError(.unsupportedDType, found: "complex or untyped elements")
    }
    let tensor = try CheckpointTensor(
      name: name, dtype: dtype, shape: try sizes(arguments[2]), strides: try sizes(arguments[3]),
      storageOffset: offset, isBigEndian: storages.isBigEndian, storage: source, file: storages.path,
      limits: limits)
    return try float8.map { format throws(ReadError) in try tensor.asFloat16(format) } ?? tensor
  }

  /// What to save instead of tensors that are not dense arrays.
  private static var remedies: [String: String] {
    [
      "sparse tensor": "save tensor.to_dense() in its place",
      "quantized tensor": "save tensor.dequantize() in its place",
      "nested tensor": "save torch.nested.to_padded_tensor(tensor, 0) in its place",
      "tensor without data": "load the weights before saving: the tensor is on the meta device",
    ]
  }

  /// Metadata is a dictionary that can change the meaning of every value (`torch/_utils.py`, `set_tensor_metadata`).
  /// A closed list; only entries that change nothing are accepted.
  private func checkMetadata(_ metadata: PickleValue) throws(ReadError) {
    if case .none = metadata { return }
    guard let pairs = graph.pairs(of: metadata) else {
      throw ReadError(.tensorRecordInvalid, expected: "metadata in a dictionary")
    }
    var seen: Set<String> = []
    for (key, value) in pairs {
      guard let name = key.stringValue, seen.insert(name).inserted else {
        throw ReadError(.tensorRecordInvalid, expected: "metadata whose keys are texts, each once")
      }
      guard name == "neg" || name == "conj", case .bool(false) = value else {
        throw ReadError(
          .unsupportedTensorKind,
          found: "metadata \(name), which changes the values: save tensor.resolve_neg().resolve_conj()")
      }
    }
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
}

extension PickleGlobal {
  /// The kind of tensor that a call of the function creates.
  fileprivate enum Product {
    case tensor, typedTensor, parameter, other
  }

  fileprivate var product: Product {
    switch self {
    case .rebuildTensor, .rebuildTensorV2, .rebuildTensorV3, .rebuildUnreadable: .tensor
    case .rebuildFromType: .typedTensor
    case .rebuildParameter, .rebuildParameterWithState: .parameter
    case .orderedDict, .counter, .defaultDict, .set, .plainTensor, .storage, .untypedStorage, .torchDType,
      .torchFloat8, .tensorClass, .torchSize, .torchDevice, .namespace, .numpyDType, .numpyArray,
      .numpyScalar,
      .numpyReconstruct, .codecsEncode, .byteArray, .complex, .scriptClass, .attribute, .opaque:
      .other
    }
  }
}
