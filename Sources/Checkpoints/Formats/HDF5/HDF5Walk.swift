internal import Archives
internal import TensorTypes

/// Walks the groups of a file and collects its datasets, in the order of the groups' indices.
struct HDF5Walk {
  private(set) var tensors: [CheckpointTensor] = []
  private(set) var ignored: [IgnoredEntry] = []
  /// The texts among the root group's attributes.
  private(set) var metadata: [(name: String, value: String)] = []
  private let space: HDF5Space
  private let heaps: HDF5GlobalHeaps
  private let limits: Limits

  init(_ space: HDF5Space, limits: Limits) {
    self.space = space
    self.limits = limits
    heaps = HDF5GlobalHeaps(space)
  }

  private struct Place {
    /// Names joined by slashes; empty for the root.
    var path: String
    var address: UInt64?
  }

  /// - Throws: any `hdf5…` code, `unsupportedDType`, `limitExceeded`.
  mutating func run(from root: UInt64?) throws(ReadError) {
    var open = [Place(path: "", address: root)]
    while let place = open.popLast() {
      do throws(ReadError) {
        open += try children(of: place).reversed()
      } catch {
        throw place.path.isEmpty ? error : error.inside(.tensor(place.path))
      }
    }
  }

  /// The places below a group; a dataset is taken up and has none.
  private mutating func children(of place: Place) throws(ReadError) -> [Place] {
    let header = try HDF5ObjectHeader(at: place.address, in: space)
    guard let group = try HDF5Group(header, in: space) else {
      try addDataset(header, place.path)
      return []
    }
    if place.path.isEmpty { metadata = try HDF5Attributes(header, heaps, limits: limits).texts }
    var places: [Place] = []
    for entry in group.entries {
      let path = place.path.isEmpty ? entry.name : place.path + "/" + entry.name
      if Self.isTrainingState(path) {
        ignored.append(IgnoredEntry(name: path, reason: .trainingState))
        continue
      }
      guard path.utf8.count <= limits.datasetPathBytes else {
        throw ReadError(
          .limitExceeded, expected: "paths of at most \(limits.datasetPathBytes) bytes",
          found: "\(path.utf8.count)")
      }
      places.append(Place(path: path, address: entry.address))
    }
    return places
  }

  /// What `model.save` writes beside the weights.
  private static func isTrainingState(_ path: String) -> Bool {
    path == "optimizer_weights" || path == "optimizer"
  }

  private mutating func addDataset(_ header: HDF5ObjectHeader, _ path: String) throws(ReadError) {
    guard let spaceMessage = header.first(.dataspace), let typeMessage = header.first(.dataType),
      let layout = header.first(.layout)
    else {
      // A named type, or an object of a kind to come: no values.
      ignored.append(IgnoredEntry(name: path, reason: .notATensor))
      return
    }
    for message in [spaceMessage, typeMessage, layout] where message.isShared {
      throw ReadError(
        .hdf5Storage, at: message.body.offset, found: "a \(message.type) that is described elsewhere")
    }
    if let external = header.first(.externalFiles) {
      throw ReadError(.hdf5Storage, at: external.body.offset, found: "values in external files")
    }
    let type = try HDF5DataType(typeMessage.body)
    guard let shape = try HDF5Dataspace(spaceMessage.body, limits: limits).shape, !type.isText else {
      ignored.append(IgnoredEntry(name: path, reason: .notATensor))
      return
    }
    guard tensors.count < limits.tensors else {
      throw ReadError(.limitExceeded, expected: "at most \(limits.tensors) tensors", found: "more")
    }
    let (dtype, isBigEndian) = try dtype(type, header, at: typeMessage.body.offset)
    let storage = try HDF5Storage(space, limits: limits, shape: shape, elementBytes: dtype.byteWidth)
    let filters = try header.first(.filters).map { message throws(ReadError) in try HDF5Filters(message.body)
    }
    let source = try storage.source(layout.body, filters: filters ?? HDF5Filters())
    guard let strides = StridedLayout.rowMajorStrides(of: shape) else {
      throw ReadError(.numberOverflow, found: "shape \(shape)")
    }
    tensors.append(
      try CheckpointTensor(
        name: path, dtype: dtype, shape: shape, strides: strides, storageOffset: 0, isBigEndian: isBigEndian,
        storage: source, file: space.file.file.path))
  }

  /// NumPy has no bfloat16: h5py stores it as two opaque bytes, Keras says in an attribute what they are.
  private func dtype(
    _ type: HDF5DataType, _ header: HDF5ObjectHeader, at place: UInt64
  ) throws(ReadError) -> (DType, isBigEndian: Bool) {
    switch type {
    case .number(let dtype, let isBigEndian): return (dtype, isBigEndian)
    case .opaque(2) where try HDF5Attributes(header, heaps, limits: limits)["dtype"] == "bfloat16":
      return (.bf16, false)
    case .opaque, .fixedText, .variableText, .other:
      throw ReadError(.unsupportedDType, at: place, found: type.description)
    }
  }
}

extension HDF5DataType {
  fileprivate var isText: Bool {
    switch self {
    case .fixedText, .variableText: true
    case .number, .opaque, .other: false
    }
  }

  fileprivate var description: String {
    switch self {
    case .number(let dtype, _): "\(dtype.safetensorsName)"
    case .opaque(let count): "\(count) opaque bytes without the attribute dtype \"bfloat16\""
    case .fixedText, .variableText: "text"
    case .other(let name, let count): "HDF5's \(name) of \(count) bytes"
    }
  }
}
