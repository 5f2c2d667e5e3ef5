internal import Archives

/// The files of a folder that may be the model.
struct FolderCandidates {
  /// Preferred names first.
  private(set) var all: [FolderCandidate] = []
  /// Names of files that are not the model, or another form of it.
  private(set) var passedOver: [String] = []

  private let folder: ModelFolder
  private let limits: Limits

  /// Files that are checkpoints by content and of the variant asked for; shards that an index lists do not count.
  ///
  /// - Throws: what mapping a file of a preferred name throws, or any other where there is nothing else to read.
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
        // A file that belongs to something else must not stop the reading, unless there is nothing else to read.
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
      // A file of a preferred name that is broken must be reported, not passed over.
      case .none: if candidate.rank != nil { all.append(candidate) }
      }
    }
    if all.isEmpty, let refusal { throw refusal }
    all.removeAll { shards.contains($0.name) }
    take(variant: selection.variant)
    all.sort { $0.order < $1.order }
  }

  /// Of the variants of one file, the one asked for; the file without a variant where none was.
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

  /// Leaves out training files and other libraries' weights, which hold no tensor of a CLIP. A file of a preferred name
  /// that cannot be read stays: its error must be seen.
  mutating func keepModels() {
    // peft's adapter beside the weights that it changes: it becomes evidence, and `--adapter` decides on it.
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

  /// The two halves of a model that was exported as two graphs; nil where the files are anything else.
  var pair: (image: FolderCandidate, text: FolderCandidate)? {
    guard all.count == 2, all.allSatisfy({ $0.name.hasSuffix(".onnx") }) else { return nil }
    let stems = all.map { String($0.plainName.dropLast(".onnx".count)) }
    if TowerPair.isImage(stems[0]), TowerPair.isText(stems[1]) { return (all[0], all[1]) }
    if TowerPair.isImage(stems[1]), TowerPair.isText(stems[0]) { return (all[1], all[0]) }
    return nil
  }
}

/// A file of a folder that is a checkpoint by its content.
struct FolderCandidate {
  var name: String
  /// Position in `preferredNames`, nil for other names.
  var rank: Int?

  init(_ name: String) {
    self.name = name
    rank = Self.preferredNames.firstIndex(of: plainName)
  }

  /// Names that libraries give to the same weights in several containers, in the order in which they prefer them.
  /// Two files of these names are taken for duplicates when they hold equally many weights.
  private static let preferredNames = [
    "open_clip_model.safetensors", "open_clip_pytorch_model.safetensors", "open_clip_pytorch_model.bin",
    "open_clip_pytorch_model.pth", "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
    "pytorch_model.bin.index.json", "pytorch_model.pth", "model.pth", "flax_model.msgpack",
    "flax_model.msgpack.index.json", "tf_model.h5", "tf_model.h5.index.json", "model.weights.h5",
    "model.weights.json", "model.onnx",
  ]

  /// What peft calls an adapter's files.
  static let adapterNames = ["adapter_model.safetensors", "adapter_model.bin"]
  static let adapterConfigName = "adapter_config.json"

  var isAdapter: Bool { Self.adapterNames.contains(name) }

  /// Formats of which training leaves other files beside the weights.
  private static let trainingFormats: Set<CheckpointFormat> = [
    .torchZip, .torchLegacy, .torchTar, .safetensors, .npz,
  ]

  /// Compared, puts what has no variant first, then preferred names, then the alphabet.
  var order: (Int, Int, String) { (variant == nil ? 0 : 1, rank ?? Int.max, name) }

  /// Whether it holds tensors of a CLIP, or may: formats whose names for them are not known here do.
  func isModel(_ folder: ModelFolder, _ limits: Limits) -> Bool {
    guard let checkpoint = container(folder, limits) else { return false }
    return !Self.trainingFormats.contains(checkpoint.format)
      || checkpoint.tensors.contains { TensorNames.isFromCLIP($0.name) }
  }

  /// The tensors of whatever the file holds; nil where it is broken.
  func container(_ folder: ModelFolder, _ limits: Limits) -> Checkpoint? {
    guard let file = try? folder.map(name),
      let checkpoint = try? Checkpoint.container(file, limits: limits)
    else { return nil }
    return checkpoint.format == .bundle && checkpoint.tensors.isEmpty ? nil : checkpoint
  }

  /// - Throws: `oneOfSeveralShards`: half of a model may look like a whole tower.
  func requireWhole(_ path: String) throws(ReadError) {
    guard ShardName.isOneOfSeveral(name) else { return }
    throw ReadError(.oneOfSeveralShards, file: path)
  }

  func open(
    _ folder: ModelFolder, _ selection: Selection, _ limits: Limits
  ) throws(ReadError) -> Checkpoint {
    try requireWhole(folder.pathOf(name))
    return try Checkpoint.open(
      try folder.map(name), taking: Selection(prefix: selection.prefix), limits: limits)
  }
}

// MARK: Variants

extension FolderCandidate {
  /// Middle parts that diffusers and transformers give to other forms of the same weights, and ends that transformers.js
  /// gives to exports.
  private static let dotted: Set<Substring> = ["fp16", "bf16", "fp32", "non_ema"]
  private static let exported: Set<Substring> = [
    "fp16", "fp32", "quantized", "int8", "uint8", "q8", "q4", "q4f16", "bnb4",
  ]

  /// `fp16` of `model.fp16.safetensors` and of `model_fp16.onnx`; nil for a name that tells none.
  var variant: String? { parts?.variant }

  /// `model.safetensors` of `model.fp16.safetensors`; the name itself where it tells no variant.
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
