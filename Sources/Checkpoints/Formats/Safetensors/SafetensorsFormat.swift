internal import Archives
internal import TensorTypes

extension CheckpointFormat {
  public static let safetensors = CheckpointFormat(
    "safetensors", name: "safetensors", detection: "8-byte header length, then {",
    origin: "Hugging Face and open_clip repositories, single or sharded with an index",
    recognises: isSafetensors,
    reader: { probe throws(ReadError) in try SafetensorsReader.read(probe.file, limits: probe.limits) })

  /// Checks for a plausible header length followed by the first byte of a JSON object (or by the space that some
  /// writers incorrectly insert).
  @Sendable static func isSafetensors(_ probe: FileProbe) -> Bool {
    guard let first = probe.byte(8), probe.byte(5) == 0, probe.byte(6) == 0, probe.byte(7) == 0 else {
      return false
    }
    let isLongerThanOne = (1...4).contains { probe.byte($0) != 0 } || (probe.byte(0) ?? 0) > 1
    return first == UInt8(ascii: "{") || (first == UInt8(ascii: " ") && isLongerThanOne)
  }
}

/// Reads a safetensors file. PocketCLIP bundles use the same container with a stricter profile.
enum SafetensorsReader {
  static func read(_ file: MappedFile, limits: Limits) throws(ReadError) -> Checkpoint {
    let container = try SafetensorsFile(file: file, limits: limits)
    var checkpoint = Checkpoint(
      format: .safetensors, files: [SourceFile(path: file.path, byteCount: file.byteCount)],
      tensors: try tensors(of: container))
    checkpoint.evidence.metadata = container.metadata
    let statements = LicenceStatements(metadata: checkpoint.evidence.metadata, readme: nil)
    checkpoint.evidence.licence = statements.licence
    checkpoint.evidence.attribution = statements.attribution
    return checkpoint
  }

  static func tensors(of container: SafetensorsFile) throws(ReadError) -> [CheckpointTensor] {
    var tensors: [CheckpointTensor] = []
    for entry in container.entries { tensors.append(try tensor(entry, in: container.file)) }
    return tensors
  }

  private static func tensor(
    _ entry: SafetensorsFile.Entry, in file: MappedFile
  ) throws(ReadError) -> CheckpointTensor {
    guard let strides = StridedLayout.rowMajorStrides(of: entry.shape) else {
      throw ReadError(.numberOverflow, found: "shape \(entry.shape)", path: [.tensor(entry.name)])
    }
    do throws(ReadError) {
      let stored = FileSlice(file: file, range: entry.byteRange)
      let storage: any ByteSource =
        if let format = entry.float8 { try ComputedBytes.float16(stored, format) } else { stored }
      return try CheckpointTensor(
        name: entry.name, dtype: entry.float8 == nil ? entry.dtype : .f16, shape: entry.shape,
        strides: strides, storageOffset: 0, storage: storage, file: file.path)
    } catch {
      throw error.inside(.tensor(entry.name))
    }
  }
}
