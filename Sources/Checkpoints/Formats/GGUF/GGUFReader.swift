internal import Archives
internal import TensorTypes

/// Reads a GGUF file of a CLIP: its tensors, and its keyed values as evidence.
enum GGUFReader {
  /// - Throws: any `gguf…` code, `truncatedFile`, `duplicateTensorName`, `unsupportedDType`, `numberOverflow` or
  ///   `limitExceeded`.
  static func read(_ file: MappedFile, limits: Limits) throws(ReadError) -> Checkpoint {
    let header = try GGUFHeader(file, limits: limits)
    try GGUFModel.requireCLIP(header)
    let ranges = try GGUFPlacement.ranges(header, fileByteCount: file.byteCount)
    var tensors: [CheckpointTensor] = []
    for (entry, range) in zip(header.tensors, ranges) {
      tensors.append(try tensor(entry, FileSlice(file: file, range: range), header))
    }
    let projector = tensors.filter { GGUFModel.isProjector($0.name) }
    var checkpoint = Checkpoint(
      format: .gguf, files: [SourceFile(path: file.path, byteCount: file.byteCount)],
      tensors: tensors.filter { !GGUFModel.isProjector($0.name) })
    if !projector.isEmpty {
      checkpoint.ignored.append(
        IgnoredEntry(
          name: "mm", reason: .languageModelProjector, tensorCount: projector.count,
          byteCount: projector.reduce(0) { $0 + $1.byteCount }))
    }
    checkpoint.evidence = evidence(header, file)
    checkpoint.notes = notes(header, hasProjector: !projector.isEmpty)
    return checkpoint
  }

  private static func tensor(
    _ entry: GGUFHeader.Tensor, _ stored: FileSlice, _ header: GGUFHeader
  ) throws(ReadError) -> CheckpointTensor {
    do throws(ReadError) {
      guard let strides = StridedLayout.rowMajorStrides(of: entry.shape) else {
        throw ReadError(.numberOverflow, at: entry.headerOffset, found: "shape \(entry.shape)")
      }
      switch entry.type {
      case .plain(let dtype):
        return try CheckpointTensor(
          name: entry.name, dtype: dtype, shape: entry.shape, strides: strides, storageOffset: 0,
          isBigEndian: header.isBigEndian, storage: stored, file: stored.file.path)
      case .blocks(let quantization):
        // Writers disagree on whether scales inside a block are byte-swapped too.
        guard !header.isBigEndian else {
          throw ReadError(
            .unsupportedDType, at: entry.headerOffset, found: "\(quantization.name) in a big-endian file")
        }
        return try CheckpointTensor(
          name: entry.name, dtype: .f32, shape: entry.shape, strides: strides, storageOffset: 0,
          storage: ComputedBytes.dequantized(stored, quantization), file: stored.file.path)
      }
    } catch {
      throw error.inside(.tensor(entry.name))
    }
  }

  private static func evidence(_ header: GGUFHeader, _ file: MappedFile) -> Evidence {
    var evidence = Evidence()
    evidence.ggufWords = PackedTexts(header, "tokenizer.ggml.tokens", file)
    evidence.ggufMetadata = ConfigFile(
      path: file.path, origin: "GGUF metadata", json: .object(header.metadata))
    evidence.licence = statement(header, "general.license")
    evidence.attribution = statement(header, "general.author")
    return evidence
  }

  private static func statement(_ header: GGUFHeader, _ key: String) -> Statement? {
    header.metadata[key]?.stringValue.map { Statement(text: $0, origin: "GGUF metadata") }
  }

  private static func notes(_ header: GGUFHeader, hasProjector: Bool) -> [String] {
    var notes: [String] = []
    for quantization in BlockQuantization.allCases {
      let count = header.tensors.count { $0.type == .blocks(quantization) }
      guard count > 0 else { continue }
      notes.append(
        "\(count) tensors are dequantized from \(quantization.name): their values are the quantized file's, not the "
          + "original model's")
    }
    let unknown = GGUFModel.unknownKeys(header)
    if !unknown.isEmpty {
      let shown = unknown.prefix(5).joined(separator: ", ") + (unknown.count > 5 ? ", …" : "")
      notes.append("unknown GGUF metadata is not used: \(shown)")
    }
    if GGUFModel.hasBothTowers(header) {
      notes.append(
        "the format stores no logit scale: vectors do not need it, and `classify` uses 100, the "
          + "upper limit of CLIP's training")
    }
    if hasProjector {
      notes.append(
        "the file was made for a language model (projector \(GGUFModel.projector(header) ?? "not named")); it does not "
          + "record whether its converter left out blocks of the encoder")
    }
    return notes
  }
}
