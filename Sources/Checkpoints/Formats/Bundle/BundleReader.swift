private import Architecture
internal import Archives
private import BundleFormat

/// One of our own bundles as a checkpoint: its tensors as stored, and in the evidence everything else.
enum BundleReader {
  /// Whether a file claims to be a bundle, sound or not.
  static func recognises(_ file: MappedFile) -> Bool {
    let start = HeaderMark.byteOffset
    guard file.byteCount >= start + HeaderMark.text.utf8CodeUnitCount else { return false }
    let bytes = file.bytes
    return HeaderMark.text.withUTF8Buffer { mark in
      mark.indices.allSatisfy { index in
        bytes.unsafeLoad(fromByteOffset: start + index, as: UInt8.self) == mark[index]
      }
    }
  }

  /// - Throws: `bundleRuleBroken`, naming the rule.
  static func read(_ file: MappedFile) throws(ReadError) -> Checkpoint {
    let weights = try BundleWeights(file)
    var tensors: [CheckpointTensor] = []
    for tensor in weights.header.tensors { tensors.append(try checkpointTensor(tensor, in: file)) }
    var checkpoint = Checkpoint(
      format: .bundle, files: [SourceFile(path: file.path, byteCount: file.byteCount)], tensors: tensors)
    let provenance = weights.header.description.provenance
    checkpoint.evidence.licence = statement(provenance.license)
    checkpoint.evidence.attribution = statement(provenance.attribution)
    checkpoint.evidence.bundle = weights
    return checkpoint
  }

  private static func checkpointTensor(
    _ tensor: StoredTensor, in file: MappedFile
  ) throws(ReadError) -> CheckpointTensor {
    let range = tensor.byteOffset..<tensor.byteOffset + tensor.byteCount
    return try CheckpointTensor(
      name: tensor.name.description, dtype: tensor.dtype, shape: tensor.shape,
      strides: StridedLayout.rowMajorStrides(of: tensor.shape) ?? [], storageOffset: 0,
      storage: FileSlice(file: file, range: range), file: file.path)
  }

  private static func statement(_ text: [UInt8]) -> Statement? {
    guard !text.isEmpty else { return nil }
    return Statement(text: String(decoding: text, as: UTF8.self), origin: "bundle metadata")
  }
}

/// What every bundle starts with, after the header's length.
private enum HeaderMark {
  static let byteOffset = 8
  static let text: StaticString = "{\"__metadata__\":{\"pclip.version\":"
}
