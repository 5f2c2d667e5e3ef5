internal import Archives

/// The files of a folder that can be the model.
struct FolderCandidates {
  /// Preferred names first.
  private(set) var all: [FolderCandidate] = []
  /// Names of files that are not the model, or are another variant of it.
  private(set) var passedOver: [String] = []

  private let folder: ModelFolder
  private let limits: Limits

  /// Collects files that are checkpoints by content and match the requested variant. Shards that an index lists are
  /// excluded.
  ///
  /// - Throws: errors from mapping a file of a preferred name, or from mapping any file if no candidate remains.
  init(_ folder: ModelFolder, _ selection: Selection, _ limits: Limits) throws(ReadError) {
    self.folder = folder
    self.limits = limits
    var shards: Set<String> = []
    var refusal: ReadError?
    for name in try Folder.names(in: folder.path, limits: limits) where Folder.hasFile(folder.pathOf(name)) {
      let candidate = FolderCandidate(name)
      let file: MappedFile
      do throws(ReadError) {
        file = try folder.map(name)
      } catch {
        // A file that belongs to something else must not stop the reading, unless no other candidate exists.
        if candidate.rank != nil { throw error }
        refusal = refusal ?? error
        continue
      }
      switch try? ContentDetector(file: file, limits: limits).detect() {
      case .checkpoint(let row, _):
        if row.isReadable, selection.format == nil || selection.format == row { all.append(candidate) }
      case .shardIndex(let index):
        all.append(candidate)
        shards.formUnion(KerasShards.files(of: index))
      // An invalid file of a preferred name is reported, not skipped.
      case .none: if candidate.rank != nil { all.append(candidate) }
      }
    }
    if all.isEmpty, let refusal { throw refusal }
    all.removeAll { shards.contains($0.name) }
    take(variant: selection.variant)
    all.sort { $0.order < $1.order }
  }

  /// Keeps one of several variants of a file: the requested one, or the file without a variant if none was requested.
  private mutating func take(variant: String?) {
    let names = Set(all.map(\.name))
    let kept = all.filter { candidate in
      if let variant { return candidate.variant == variant }
      return candidate.variant == nil || !names.contains(candidate.plainName)
    }
    pass(to: kept)
  }

  private mutating func pass(to kept: [FolderCandidate]) {
    let names = Set(kept.map(\.name))
    passedOver += all.map(\.name).filter { !names.contains($0) }
    all = kept
  }

  /// Removes training files and other libraries' weights, which hold no tensor of a CLIP. An unreadable file of a
  /// preferred name stays, so that its error is reported.
  mutating func keepModels() {
    // peft's adapter next to the weights that it changes becomes evidence. `--adapter` decides whether it is applied.
    if Folder.hasFile(folder.pathOf(FolderCandidate.adapterConfigName)),
      all.contains(where: { !$0.isAdapter && $0.isModel(folder, limits) })
    {
      all.removeAll(where: \.isAdapter)
    }
    guard all.count > 1 else { return }
    let kept = all.filter { candidate in
      if candidate.isModel(folder, limits) { return true }
      return candidate.rank != nil && candidate.container(folder, limits) == nil
    }
    guard !kept.isEmpty else { return }
    pass(to: kept)
  }

  /// The two towers of a model that was exported as two graphs; nil for any other set of files.
  var pair: (image: FolderCandidate, text: FolderCandidate)? {
    guard all.count == 2, all.allSatisfy({ $0.name.hasSuffix(".onnx") }) else { return nil }
    let stems = all.map { String($0.plainName.dropLast(".onnx".count)) }
    if TowerPair.isImage(stems[0]), TowerPair.isText(stems[1]) { return (all[0], all[1]) }
    if TowerPair.isImage(stems[1]), TowerPair.isText(stems[0]) { return (all[1], all[0]) }
    return nil
  }
}

/// A file of a folder that is a checkpoint by content.
struct FolderCandidate {
  var name: String
  /// Position in `preferredNames`, nil for other names.
  var rank: Int?

  init(_ name: String) {
    self.name = name
    rank = Self.preferredNames.firstIndex(of: plainName)
  }

  /// Names that libraries give to the same weights in several containers, in the libraries' order of preference. Two
  /// files with these names and equal numbers of weights count as duplicates.
  private static let preferredNames = [
    "open_clip_model.safetensors", "open_clip_pytorch_model.safetensors", "open_clip_pytorch_model.bin",
    "open_clip_pytorch_model.pth", "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
    "pytorch_model.bin.index.json", "pytorch_model.pth", "model.pth", "flax_model.msgpack",
    "flax_model.msgpack.index.json", "tf_model.h5", "tf_model.h5.index.json", "model.weights.h5",
    "model.weights.json", "model.onnx",
  ]

  /// peft's names for the files of an adapter.
  static let adapterNames = ["adapter_model.safetensors", "adapter_model.bin"]
  static let adapterConfigName = "adapter_config.json"

  var isAdapter: Bool { Self.adapterNames.contains(name) }

  /// Formats that training also uses for other files next to the weights.
  private static let trainingFormats: Set<CheckpointFormat> = [
    .torchZip, .torchLegacy, .torchTar, .safetensors, .npz,
  ]

  /// The sort key: files without a variant first, then preferred names, then alphabetical order.
  var order: (Int, Int, String) { (variant == nil ? 0 : 1, rank ?? Int.max, name) }

  /// Whether the file holds tensors of a CLIP, or could: some formats use tensor names that are not known here.
  func isModel(_ folder: ModelFolder, _ limits: Limits) -> Bool {
    guard let checkpoint = container(folder, limits) else { return false }
    return !Self.trainingFormats.contains(checkpoint.format)
      || checkpoint.tensors.contains { TensorNames.isFromCLIP($0.name) }
  }

  /// The tensors of the file; nil if it is invalid.
  func container(_ folder: ModelFolder, _ limits: Limits) -> Checkpoint? {
    guard let file = try? folder.map(name),
      let checkpoint = try? Checkpoint.container(file, limits: limits)
    else { return nil }
    return checkpoint.format == .bundle && checkpoint.tensors.isEmpty ? nil : checkpoint
  }

  /// - Throws: `oneOfSeveralShards`, because a part of a model can look like a complete tower.
  func requireUnsharded(_ path: String) throws(ReadError) {
    guard ShardName.isOneOfSeveral(name) else { return }
    throw ReadError(.oneOfSeveralShards, file: path)
  }

  func open(
    _ folder: ModelFolder, _ selection: Selection, _ limits: Limits
  ) throws(ReadError) -> Checkpoint {
    try requireUnsharded(folder.pathOf(name))
    return try Checkpoint.open(
      try folder.map(name), taking: Selection(prefix: selection.prefix), limits: limits)
  }
}

// MARK: Variants

extension FolderCandidate {
  /// Middle parts that diffusers and transformers use for variants of the same weights, and endings that
  /// transformers.js uses for exports.
  private static let dotted: Set<Substring> = ["fp16", "bf16", "fp32", "non_ema"]
  private static let exported: Set<Substring> = [
    "fp16", "fp32", "quantized", "int8", "uint8", "q8", "q4", "q4f16", "bnb4",
  ]

  /// `fp16` for `model.fp16.safetensors` and `model_fp16.onnx`; nil for a name without a variant.
  var variant: String? { parts?.variant }

  /// `model.safetensors` for `model.fp16.safetensors`; the unchanged name if it has no variant.
  var plainName: String { parts?.plain ?? name }

  private var parts: (plain: String, variant: String)? {
    let dots = name.split(separator: ".", omittingEmptySubsequences: false)
    if dots.count == 3 || (dots.count == 5 && dots.suffix(2) == ["index", "json"]),
      Self.dotted.contains(dots[1])
    {
      return (([dots[0]] + dots[2...]).joined(separator: "."), String(dots[1]))
    }
    guard dots.count == 2, dots[1] == "onnx", let mark = dots[0].lastIndex(of: "_") else { return nil }
    let ending = dots[0][dots[0].index(after: mark)...]
    return Self.exported.contains(ending) ? ("\(dots[0][..<mark]).onnx", String(ending)) : nil
  }
}
