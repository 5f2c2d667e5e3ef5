internal import Archives
internal import TensorTypes

/// Reads an HDF5 file: every dataset below the root group, named by its path.
enum HDF5Reader {
  static func read(
    _ file: MappedFile, superblockAt start: Int, limits: Limits
  ) throws(ReadError) -> Checkpoint {
    try read(FileSlice(file: file, range: 0..<file.byteCount), superblockAt: start, limits: limits)
  }

  /// Reads a file, or a file inside another file.
  static func read(
    _ slice: FileSlice, superblockAt start: Int, limits: Limits
  ) throws(ReadError) -> Checkpoint {
    let content = try HDF5File(slice, superblockAt: start, limits: limits, excluding: isTrainingState)
    let file = slice.file
    var checkpoint = Checkpoint(
      format: .hdf5, files: [SourceFile(path: file.path, byteCount: file.byteCount)], tensors: [],
      ignored: content.entries.compactMap(ignored))
    for entry in content.entries {
      guard case .dataset(let dataset) = entry.content else { continue }
      let tensor = try tensor(dataset, at: entry.path, in: file)
      if isPositionIndices(tensor.name) {
        checkpoint.ignored.append(
          IgnoredEntry(name: tensor.name, reason: .computedBuffer, byteCount: tensor.byteCount))
      } else {
        checkpoint.tensors.append(tensor)
      }
    }
    checkpoint.evidence.metadata = content.attributes.map { (key: $0.name, value: $0.value) }
    return checkpoint
  }

  private static func ignored(_ entry: HDF5File.Entry) -> IgnoredEntry? {
    switch entry.content {
    case .dataset: nil
    case .noNumbers: IgnoredEntry(name: entry.path, reason: .notATensor)
    case .excluded: IgnoredEntry(name: entry.path, reason: .trainingState)
    }
  }

  private static func tensor(
    _ dataset: HDF5File.Dataset, at path: String, in file: MappedFile
  ) throws(ReadError) -> CheckpointTensor {
    do throws(ReadError) {
      guard let strides = StridedLayout.rowMajorStrides(of: dataset.shape) else {
        throw ReadError(.numberOverflow, found: "shape \(dataset.shape)")
      }
      return try CheckpointTensor(
        name: path, dtype: dataset.dtype, shape: dataset.shape, strides: strides, storageOffset: 0,
        isBigEndian: dataset.isBigEndian, storage: dataset.values, file: file.path)
    } catch {
      throw path.isEmpty ? error : error.inside(.tensor(path))
    }
  }

  /// Whether `model.save` writes the path in addition to the weights.
  private static func isTrainingState(_ path: String) -> Bool {
    path == "optimizer_weights" || path == "optimizer"
  }

  /// Whether the name is one of the position indices, which Keras saves as variables of both embeddings.
  private static func isPositionIndices(_ name: String) -> Bool {
    name.hasSuffix("clip_vision_embedding/vars/1")
  }
}
