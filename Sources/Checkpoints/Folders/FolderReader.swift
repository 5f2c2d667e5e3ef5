internal import Archives
internal import TensorTypes

/// A folder: finds the one checkpoint in it, or says which there are.
struct FolderReader {
  private let folder: ModelFolder
  /// The only format to look for, nil for any.
  private let format: CheckpointFormat?
  private let limits: Limits

  /// Names that libraries give to the same weights in several containers, in the order in which they prefer them.
  /// Two files of these names are taken for duplicates when they hold equally many weights.
  static let preferredNames = [
    "open_clip_model.safetensors", "open_clip_pytorch_model.safetensors", "open_clip_pytorch_model.bin",
    "open_clip_pytorch_model.pth", "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
    "pytorch_model.bin.index.json", "pytorch_model.pth", "model.pth", "flax_model.msgpack",
    "flax_model.msgpack.index.json", "tf_model.h5", "tf_model.h5.index.json", "model.weights.h5",
    "model.onnx",
  ]

  /// Formats of which training leaves other files beside the weights.
  private static let trainingFormats: Set<CheckpointFormat> = [
    .torchZip, .torchLegacy, .torchTar, .safetensors, .npz,
  ]

  /// An export in a folder of its own, looked at where there is nothing beside the configuration.
  private static let export = Folder.join(ModelFolder.exportFolderName, "model.onnx")

  init(folder: String, format: CheckpointFormat? = nil, limits: Limits) {
    self.folder = ModelFolder(folder)
    self.format = format
    self.limits = limits
  }

  /// - Throws: `noCheckpointInFolder`, `severalCheckpoints`, or what opening the checkpoint throws.
  func read() throws(ReadError) -> Checkpoint {
    if ModelFolder.isCacheFolder(folder.path) { return try readCache() }
    var candidates = try candidates()
    if candidates.isEmpty, Folder.hasFile(folder.pathOf(Self.export)), format == nil || format == .onnx {
      candidates = [Candidate(name: Self.export, rank: nil)]
    }
    guard !candidates.isEmpty else { throw try noCheckpoint() }
    let passedOver = candidates.count > 1 ? keepModels(among: &candidates) : []
    var checkpoint = try candidates.removeFirst().open(folder, limits)
    for other in candidates { try requireSameWeights(checkpoint, other, all: candidates) }
    if !candidates.isEmpty {
      let names = candidates.map(\.name).joined(separator: ", ")
      checkpoint.notes.append(
        "read \(checkpoint.files[0].name); \(names) beside it hold as many weights and were not read")
    }
    if !passedOver.isEmpty {
      checkpoint.notes.append(
        "read \(checkpoint.files[0].name); \(passedOver.joined(separator: ", ")) beside it were not read")
    }
    try checkpoint.addEvidence(from: folder, limits: limits)
    checkpoint.layout = layout(of: checkpoint)
    return checkpoint
  }

  // MARK: Candidates

  /// Leaves out training files and other libraries' weights, which hold no tensor of a CLIP, and variants
  /// (`model.fp16.safetensors`) of a file that is there itself. A file of a preferred name that cannot be read stays: its
  /// error must be seen. So do formats whose names for CLIP's tensors are not known here.
  ///
  /// - Returns: the names left out.
  private func keepModels(among candidates: inout [Candidate]) -> [String] {
    let names = Set(candidates.map(\.name))
    let kept = candidates.filter { candidate in
      if let plain = candidate.nameWithoutVariant, names.contains(plain) { return false }
      guard let checkpoint = try? candidate.open(folder, limits) else { return candidate.rank != nil }
      return !Self.trainingFormats.contains(checkpoint.format)
        || checkpoint.tensors.contains { TensorNames.isFromCLIP($0.name) }
    }
    guard !kept.isEmpty else { return [] }
    let keptNames = Set(kept.map(\.name))
    defer { candidates = kept }
    return candidates.map(\.name).filter { !keptNames.contains($0) }
  }

  private struct Candidate {
    var name: String
    /// Position in `preferredNames`, nil for other names.
    var rank: Int?

    /// Middle parts that diffusers and transformers give to other forms of the same weights.
    private static let variants: Set<Substring> = ["fp16", "bf16", "fp32", "non_ema"]

    /// `model.safetensors` of `model.fp16.safetensors`; nil for a name that is no variant's.
    var nameWithoutVariant: String? {
      let parts = name.split(separator: ".", omittingEmptySubsequences: false)
      guard parts.count == 3, Self.variants.contains(parts[1]) else { return nil }
      return "\(parts[0]).\(parts[2])"
    }

    func open(_ folder: ModelFolder, _ limits: Limits) throws(ReadError) -> Checkpoint {
      try Checkpoint.open(try folder.map(name), limits: limits)
    }
  }

  /// Files that are checkpoints by content, preferred names first; shards that an index lists do not count.
  private func candidates() throws(ReadError) -> [Candidate] {
    var found: [Candidate] = []
    var shards: Set<String> = []
    var refusal: ReadError?
    for name in try Folder.names(in: folder.path, limits: limits) where Folder.hasFile(folder.pathOf(name)) {
      let rank = Self.preferredNames.firstIndex(of: name)
      let file: MappedFile
      do throws(ReadError) {
        file = try folder.map(name)
      } catch {
        // A file that belongs to something else must not stop the reading, unless there is nothing else to read.
        if rank != nil { throw error }
        refusal = refusal ?? error
        continue
      }
      switch try? ContentDetector(file: file, limits: limits).detect() {
      case .checkpoint(let row, _):
        if row.isReadable, format == nil || format == row { found.append(Candidate(name: name, rank: rank)) }
      case .shardIndex(let index):
        found.append(Candidate(name: name, rank: rank))
        for member in index["weight_map"]?.objectValue?.members ?? [] {
          if let shard = member.value.stringValue { shards.insert(shard) }
        }
      // A file of a preferred name that is broken must be reported, not passed over.
      case .none: if rank != nil { found.append(Candidate(name: name, rank: rank)) }
      }
    }
    if found.isEmpty, let refusal { throw refusal }
    found.removeAll { shards.contains($0.name) }
    return found.sorted { ($0.rank ?? Int.max, $0.name) < ($1.rank ?? Int.max, $1.name) }
  }

  /// Another checkpoint is a duplicate when both have conventional names and equally many weights.
  private func requireSameWeights(
    _ chosen: Checkpoint, _ other: Candidate, all others: [Candidate]
  ) throws(ReadError) {
    let chosenName = chosen.files[0].name
    let isConventional = Self.preferredNames.contains(chosenName) || chosen.layout == .shards
    if isConventional, other.rank != nil, chosen.weightCount == (try? other.open(folder, limits))?.weightCount
    {
      return
    }
    let names = [chosenName] + others.map(\.name)
    throw ReadError(.severalCheckpoints, found: names.joined(separator: ", "), file: folder.path)
  }

  private func noCheckpoint() throws(ReadError) -> ReadError {
    for name in try Folder.names(in: folder.path, limits: limits) where Folder.hasFile(folder.pathOf(name)) {
      if case .checkpoint(let format, _)? = try? ContentDetector(file: folder.map(name), limits: limits)
        .detect()
      {
        return ReadError(.unsupportedFormat, found: format.nameAndOrigin, file: folder.pathOf(name))
      }
    }
    return ReadError(.noCheckpointInFolder, file: folder.path)
  }

  private func layout(of checkpoint: Checkpoint) -> CheckpointLayout {
    if checkpoint.evidence.openCLIPConfig != nil, checkpoint.files[0].name.hasPrefix("open_clip") {
      return .openCLIPFolder
    }
    if folder.root != folder.path { return .huggingFaceCache }
    if checkpoint.evidence.huggingFaceConfig != nil { return .huggingFaceFolder }
    if checkpoint.evidence.openCLIPConfig != nil { return .openCLIPFolder }
    return checkpoint.layout == .shards ? .shards : .folder
  }

  // MARK: Hugging Face cache

  /// The snapshot that `refs/main` names, or the only one.
  private func readCache() throws(ReadError) -> Checkpoint {
    let snapshots = Folder.join(folder.path, "snapshots")
    let names = try Folder.names(in: snapshots, limits: limits)
    let main = try? MappedFile(path: Folder.join(folder.path, "refs/main"))
    let revision = main.map { file in
      file.bytes.withUnsafeBytes { String(decoding: $0.prefix(64), as: UTF8.self) }
        .filter { !$0.isWhitespace }
    }
    let chosen = names.first { $0 == revision } ?? (names.count == 1 ? names.first : nil)
    guard let chosen else {
      throw ReadError(
        names.isEmpty ? .noCheckpointInFolder : .severalCheckpoints,
        found: names.isEmpty ? nil : "snapshots \(names.joined(separator: ", "))", file: folder.path)
    }
    return try FolderReader(folder: Folder.join(snapshots, chosen), format: format, limits: limits).read()
  }
}

extension Checkpoint {
  /// Elements of all floating-point tensors.
  fileprivate var weightCount: Int {
    tensors.filter(\.dtype.isFloatingPoint).reduce(0) { $0 &+ $1.elementCount }
  }
}
