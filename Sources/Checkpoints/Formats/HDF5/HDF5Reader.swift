internal import Archives
internal import TensorTypes

/// An HDF5 file as a checkpoint: every dataset below the root group, by its path.
///
/// An own parser of the part of the format that weights use, not libhdf5: a hostile file must not crash the process,
/// hang it or make it allocate, and libhdf5 promises none of that. Nothing outside the file is ever followed.
enum HDF5Reader {
  static func read(
    _ file: MappedFile, superblockAt start: Int, limits: Limits
  ) throws(ReadError) -> Checkpoint {
    try read(FileSlice(file: file, range: 0..<file.byteCount), superblockAt: start, limits: limits)
  }

  /// Reads a file, or one inside another.
  static func read(
    _ file: FileSlice, superblockAt start: Int, limits: Limits
  ) throws(ReadError) -> Checkpoint {
    let superblock = try HDF5Superblock(file, at: start)
    let first = file.range.lowerBound + superblock.baseAddress
    let space = HDF5Space(
      FileSlice(file: file.file, range: first..<file.range.upperBound), widths: superblock.widths)
    var walk = HDF5Walk(space, limits: limits)
    try walk.run(from: superblock.root)
    return try checkpoint(walk, file.file, limits: limits)
  }

  private static func checkpoint(
    _ walk: HDF5Walk, _ file: MappedFile, limits: Limits
  ) throws(ReadError) -> Checkpoint {
    var checkpoint = Checkpoint(
      format: .hdf5, files: [SourceFile(path: file.path, byteCount: file.byteCount)], tensors: [],
      ignored: walk.ignored)
    for tensor in walk.tensors {
      if isPositionIndices(tensor.name) {
        checkpoint.ignored.append(
          IgnoredEntry(name: tensor.name, reason: .computedBuffer, byteCount: tensor.byteCount))
      } else {
        checkpoint.tensors.append(tensor)
      }
    }
    checkpoint.evidence.metadata = walk.metadata.map { (key: $0.name, value: $0.value) }
    return checkpoint
  }

  /// Keras saves the position indices of both embeddings as variables; `optimizer_weights` is left to the walk.
  private static func isPositionIndices(_ name: String) -> Bool {
    name.hasSuffix("clip_vision_embedding/vars/1")
  }
}
