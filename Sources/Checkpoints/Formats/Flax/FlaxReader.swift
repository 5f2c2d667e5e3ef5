internal import Archives
internal import TensorTypes

/// Reads a Flax state in MessagePack. The name of an array is its path of keys, joined with dots.
enum FlaxReader {
  static func read(_ file: MappedFile, limits: Limits) throws(ReadError) -> Checkpoint {
    let tree = try FlaxTree(file, limits: limits)
    let levels = FlaxLevels(tree.leaves)
    var tensors: [CheckpointTensor] = []
    var ignored: [IgnoredEntry] = []
    var elsewhere: [FlaxTree.Leaf] = []
    for leaf in tree.leaves {
      guard let name = levels.name(of: leaf) else {
        elsewhere.append(leaf)
        continue
      }
      if case .array(let array) = leaf.value {
        tensors.append(try tensor(array, name: name, in: file))
      } else {
        ignored.append(IgnoredEntry(name: name, reason: .notATensor, tensorCount: 0))
      }
    }
    guard !tensors.isEmpty else { throw ReadError(.noStateDict, found: "a map without arrays") }
    var checkpoint = Checkpoint(
      format: .flax, files: [SourceFile(path: file.path, byteCount: file.byteCount)], tensors: tensors,
      ignored: ignored)
    checkpoint.evidence.wrapperKeys = levels.wrapperKeys
    checkpoint.ignoreTrainingState(elsewhere)
    return checkpoint
  }

  private static func tensor(
    _ array: FlaxArray, name: String, in file: MappedFile
  ) throws(ReadError) -> CheckpointTensor {
    guard let strides = StridedLayout.rowMajorStrides(of: array.shape) else {
      throw ReadError(.numberOverflow, found: "shape \(array.shape)", path: [.tensor(name)])
    }
    let storage: any ByteSource =
      array.pieces.count == 1
      ? FileSlice(file: file, range: array.pieces[0]) : ChunkedBytes(array.pieces, of: file)
    do throws(ReadError) {
      return try CheckpointTensor(
        name: name, dtype: array.dtype, shape: array.shape, strides: strides, storageOffset: 0,
        storage: storage, file: file.path)
    } catch {
      throw error.inside(.tensor(name))
    }
  }
}

extension Checkpoint {
  /// Lists the entries next to the parameters, one for each key at the top.
  fileprivate mutating func ignoreTrainingState(_ leaves: [FlaxTree.Leaf]) {
    var groups: [String: (tensors: Int, bytes: Int)] = [:]
    for leaf in leaves {
      var group = groups[leaf.path[0]] ?? (0, 0)
      if case .array(let array) = leaf.value {
        group.tensors += 1
        group.bytes += array.byteCount
      }
      groups[leaf.path[0]] = group
    }
    for (key, group) in groups.sorted(by: { $0.key < $1.key }) {
      ignored.append(
        IgnoredEntry(
          name: key, reason: group.tensors > 0 ? .trainingState : .notATensor, tensorCount: group.tensors,
          byteCount: group.bytes))
    }
  }
}
