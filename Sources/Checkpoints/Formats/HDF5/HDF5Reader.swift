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

  private static func read(
    _ file: FileSlice, superblockAt start: Int, limits: Limits
  ) throws(ReadError) -> Checkpoint {
    let superblock = try HDF5Superblock(file.file, at: start)
    let space = HDF5Space(
      FileSlice(file: file.file, range: superblock.baseAddress..<file.byteCount), widths: superblock.widths)
    var walk = HDF5Walk(space, limits: limits)
    try walk.run(from: superblock.root)
    return try checkpoint(walk, file.file, limits: limits)
  }

  private static func checkpoint(
    _ walk: HDF5Walk, _ file: MappedFile, limits: Limits
  ) throws(ReadError) -> Checkpoint {
    let names = HDF5Names(walk.tensors.map(\.name))
    var checkpoint = Checkpoint(
      format: .hdf5, files: [SourceFile(path: file.path, byteCount: file.byteCount)], tensors: [],
      ignored: walk.ignored)
    for tensor in walk.tensors {
      let name = names.stripped(tensor.name)
      if let reason = HDF5Names.ignoredReason(name) {
        checkpoint.ignored.append(IgnoredEntry(name: name, reason: reason, byteCount: tensor.byteCount))
      } else {
        checkpoint.tensors.append(CheckpointTensor(renaming: tensor, to: name))
      }
    }
    if !names.prefix.isEmpty {
      checkpoint.evidence.strippedPrefix = names.prefix
      checkpoint.notes.append("removed the prefix \"\(names.prefix)\" from tensor names")
    }
    checkpoint.evidence.metadata = walk.metadata.map { (key: $0.name, value: $0.value) }
    return checkpoint
  }
}

/// What the names of TensorFlow's and Keras's datasets say.
struct HDF5Names {
  /// What TensorFlow puts before every name: the layer, the variable scope of the model, sometimes numbered.
  let prefix: String

  /// Where the model itself begins in a TensorFlow name.
  private static let anchors: Set<Substring> = [
    "text_model", "vision_model", "text_projection", "visual_projection", "logit_scale:0",
  ]

  /// The prefix of all names that have an anchor; empty where they differ.
  init(_ names: [String]) {
    let prefixes = Set(names.compactMap(Self.prefix))
    prefix = prefixes.count == 1 ? prefixes.first ?? "" : ""
  }

  private static func prefix(_ name: String) -> String? {
    let components = name.split(separator: "/")
    guard let anchor = components.first(where: { anchors.contains($0) }) else { return nil }
    return String(name[..<anchor.startIndex])
  }

  func stripped(_ name: String) -> String {
    name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
  }

  /// Keras saves the position indices of both embeddings as variables; `optimizer_weights` is left to the walk.
  static func ignoredReason(_ name: String) -> IgnoredEntry.Reason? {
    name.hasSuffix("clip_vision_embedding/vars/1") ? .computedBuffer : nil
  }
}
