package import TensorTypes

/// Everything below the root group of an HDF5 file, in the order of the groups' indices.
///
/// A separate parser for the part of the format that weights use, instead of libhdf5: a malicious file must not crash
/// the process, hang it or make it allocate without bound, which libhdf5 does not guarantee. External links are never
/// followed.
package struct HDF5File {
  package struct Entry {
    /// Names joined by slashes.
    package var path: String
    package var content: Content
  }

  package enum Content {
    case dataset(Dataset)
    /// A text, a dataset without a shape, or a named type.
    case noNumbers
    /// A path that the caller excluded. Nothing below it is read.
    case excluded
  }

  /// Numbers of one type, in row-major order.
  package struct Dataset {
    package var dtype: DType
    package var shape: [Int]
    package var isBigEndian: Bool
    package var values: any ByteSource
  }

  /// Excluded paths precede the datasets of their group.
  package private(set) var entries: [Entry] = []
  /// The text attributes of the root group.
  package private(set) var attributes: [(name: String, value: String)] = []
  private var datasetCount = 0
  private let space: HDF5Space
  private let heaps: HDF5GlobalHeaps
  private let limits: Limits
  private let isExcluded: (String) -> Bool

  /// Reads a file, or a file inside another.
  ///
  /// - Parameters:
  ///   - start: offset of the superblock.
  ///   - isExcluded: whether to skip a path and everything below it.
  /// - Throws: any `hdf5…` code, `storageSizeMismatch`, `unsupportedDType`, `numberOverflow`, `truncatedFile` or
  ///   `limitExceeded`.
  package init(
    _ file: FileSlice, superblockAt start: Int, limits: Limits,
    excluding isExcluded: @escaping (String) -> Bool
  ) throws(ReadError) {
    let superblock = try HDF5Superblock(file, at: start)
    space = HDF5Space(superblock.content, widths: superblock.widths)
    heaps = HDF5GlobalHeaps(space)
    self.limits = limits
    self.isExcluded = isExcluded
    try walk(from: superblock.root)
  }

  /// Charged for an object in addition to its path: its header and the resulting entry.
  private static let nodeBytes = 512

  private struct Node {
    /// Names joined by slashes; empty for the root.
    var path: String
    var address: UInt64?
  }

  private mutating func walk(from root: UInt64?) throws(ReadError) {
    var open = [Node(path: "", address: root)]
    while let node = open.popLast() {
      do throws(ReadError) {
        open += try children(of: node).reversed()
      } catch {
        throw node.path.isEmpty ? error : error.inside(.tensor(node.path))
      }
    }
  }

  /// The positions below a group. A dataset is added to the entries and has none.
  private mutating func children(of node: Node) throws(ReadError) -> [Node] {
    let header = try HDF5ObjectHeader(at: node.address, in: space)
    guard let group = try HDF5Group(header, in: space) else {
      guard !node.path.isEmpty else {
        throw ReadError(.hdf5Message, at: header.offset, expected: "a group at the root")
      }
      try addDataset(header, node.path)
      return []
    }
    if node.path.isEmpty { attributes = try HDF5Attributes(header, heaps, limits: limits).texts }
    var nodes: [Node] = []
    for entry in group.entries {
      let path = node.path.isEmpty ? entry.name : node.path + "/" + entry.name
      try limits.requireFewMarks(entry.name)
      if isExcluded(path) {
        entries.append(Entry(path: path, content: .excluded))
        continue
      }
      guard path.utf8.count <= limits.datasetPathBytes else {
        throw ReadError(
          .limitExceeded, expected: "paths of at most \(limits.datasetPathBytes) bytes",
          found: "\(path.utf8.count)")
      }
      try limits.charge(Self.nodeBytes + path.utf8.count, for: "paths of HDF5")
      nodes.append(Node(path: path, address: entry.address))
    }
    return nodes
  }

  private mutating func addDataset(_ header: HDF5ObjectHeader, _ path: String) throws(ReadError) {
    let parts = (header.first(.dataspace), header.first(.dataType), header.first(.layout))
    if case (nil, .some, nil) = parts {
      // A type that datasets share.
      entries.append(Entry(path: path, content: .noNumbers))
      return
    }
    guard let spaceMessage = parts.0, let typeMessage = parts.1, let layout = parts.2 else {
      throw ReadError(
        .hdf5Message, at: header.offset,
        expected: "a group, a dataset with dataspace, type and layout, or a type")
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
      entries.append(Entry(path: path, content: .noNumbers))
      return
    }
    guard datasetCount < limits.tensors else {
      throw ReadError(.limitExceeded, expected: "at most \(limits.tensors) tensors", found: "more")
    }
    let (dtype, isBigEndian) = try dtype(type, header, at: typeMessage.body.offset)
    let storage = try HDF5Storage(space, limits: limits, shape: shape, elementBytes: dtype.byteWidth)
    let filters = try header.first(.filters).map { message throws(ReadError) in try HDF5Filters(message.body)
    }
    let source = try storage.source(layout.body, filters: filters ?? HDF5Filters())
    datasetCount += 1
    let dataset = Dataset(dtype: dtype, shape: shape, isBigEndian: isBigEndian, values: source)
    entries.append(Entry(path: path, content: .dataset(dataset)))
  }

  /// NumPy has no bfloat16: h5py stores it as two opaque bytes, and a Keras attribute identifies the type.
  private func dtype(
    _ type: HDF5DataType, _ header: HDF5ObjectHeader, at offset: UInt64
  ) throws(ReadError) -> (DType, isBigEndian: Bool) {
    switch type {
    case .number(let dtype, let isBigEndian): return (dtype, isBigEndian)
    case .opaque(2) where try HDF5Attributes(header, heaps, limits: limits)["dtype"] == "bfloat16":
      return (.bf16, false)
    case .opaque, .fixedText, .variableText, .other:
      throw ReadError(.unsupportedDType, at: offset, found: type.description)
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
