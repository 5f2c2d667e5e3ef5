internal import Archives
internal import Checkpoints

/// A separately saved LoRA adapter of peft, diffusers or kohya-ss's scripts, and the model that it changes.
struct Adapter {
  private let checkpoint: Checkpoint
  private let settings: LowRankSettings

  init(_ checkpoint: Checkpoint, _ settings: LowRankSettings) {
    self.checkpoint = checkpoint
    self.settings = settings
  }

  /// Prefixes that kohya-ss's scripts add to a text tower's module, whose dots they replace by underscores.
  private static let flatPrefixes = ["lora_te_", "lora_te1_", "lora_te2_"]
  /// Prefixes that peft and diffusers add to every name, for files in which tower names do not determine the prefix.
  private static let modelPrefixes = ["base_model.model.", "text_encoder."]
  /// Prefixes of modules of a diffusion model, which do not belong to a CLIP.
  private static let otherPrefixes = ["lora_unet_", "unet."]

  /// The base model with the adapter's updates. Everything else is the base's.
  ///
  /// - Throws: `adapterDoesNotFit` with a tensor of the adapter that matches nothing in the base; errors of merging.
  func merged(into base: Checkpoint) throws(ModelError) -> Checkpoint {
    let byName = Dictionary(checkpoint.tensors.map { ($0.name, $0) }) { first, _ in first }
    var targets = Targets(base.tensors)
    var unclaimed = Set(byName.keys)
    let updates = checkpoint.tensors.compactMap { LowRankUpdate($0, byName) }
    for update in updates { unclaimed.subtract(update.names) }
    let own = try targets.ownUpdates(of: updates)
    guard !own.isEmpty else {
      throw changesNothing(isOfDiffusion: !updates.isEmpty)
    }
    for update in own {
      guard let index = targets.index(of: update.module) else { throw doesNotFit(named: update.down.name) }
      let weight = targets.tensors[index]
      targets.tensors[index] = try update.added(to: weight, scale: settings.scale(update), as: weight.name)
    }
    for name in unclaimed.sorted() {
      // peft's `modules_to_save` are complete trained weights.
      guard settings.replacesModules, let index = targets.index(named: name), let tensor = byName[name],
        tensor.shape == targets.tensors[index].shape
      else { throw doesNotFit(named: name) }
      targets.tensors[index] = CheckpointTensor(renaming: tensor, to: targets.tensors[index].name)
    }
    var result = base
    let files = try AdapterFiles(checkpoint.evidence, base: base.evidence)
    result.evidence = files.evidence
    result.notes += files.notes
    result.tensors = targets.tensors
    result.files += checkpoint.files
    result.notes.append(
      "merged \(counted(own.count, "low-rank update")) of \(checkpoint.files[0].name) (LoRA)")
    return result
  }

  /// - Parameter isOfDiffusion: whether the file has updates and all of them belong to a diffusion model.
  private func changesNothing(isOfDiffusion: Bool) -> ModelError {
    var error = ModelError(
      .adapterDoesNotFit,
      found: isOfDiffusion ? "updates of a diffusion model (UNet) alone" : "no low-rank update",
      file: checkpoint.files.first?.path)
    error.remedy =
      isOfDiffusion
      ? "give the base alone: this adapter does not change its text encoder"
      : "merge it into its base with peft (merge_and_unload), and give the result"
    return error
  }

  private func doesNotFit(named name: String) -> ModelError {
    ModelError(.adapterDoesNotFit, tensor: name, file: checkpoint.files.first?.path)
  }

  /// The base's weights by the module names that adapters use.
  private struct Targets {
    var tensors: [CheckpointTensor]
    private var byName: [String: Int] = [:]
    private var byFlatName: [String: Int] = [:]

    init(_ tensors: [CheckpointTensor]) {
      self.tensors = tensors
      for (index, tensor) in tensors.enumerated() {
        byName[tensor.name] = index
        byFlatName[tensor.name.replacing(".", with: "_")] = index
      }
    }

    /// The updates that belong to the base. The same file can hold updates of a diffusion model, and of a second text
    /// tower with other sizes (Stable Diffusion XL).
    ///
    /// - Throws: `adapterDoesNotFit` if two text towers have equal sizes, because the base's cannot be identified.
    func ownUpdates(of updates: [LowRankUpdate]) throws(ModelError) -> [LowRankUpdate] {
      let own = updates.filter { update in !Adapter.otherPrefixes.contains(where: update.module.hasPrefix) }
      let groups = Adapter.flatPrefixes.map { prefix in own.filter { $0.module.hasPrefix(prefix) } }
      let fitting = groups.filter { group in !group.isEmpty && group.allSatisfy(fits) }
      guard groups.count(where: { !$0.isEmpty }) > 1 else { return own }
      guard fitting.count == 1 else {
        var error = ModelError(
          .adapterDoesNotFit, tensor: groups[1].first?.down.name, found: "updates of two text towers",
          file: own.first?.down.file)
        error.remedy =
          "save those of one text tower alone: the tensors whose names begin with lora_te1_ or lora_te2_"
        throw error
      }
      return fitting[0]
    }

    private func fits(_ update: LowRankUpdate) -> Bool {
      index(of: update.module).map { tensors[$0].shape == [update.up.shape.first, update.down.shape.last] }
        ?? false
    }

    /// transformers 4 names a separately saved tower with `text_model.` or `vision_model.`, transformers 5 without.
    func index(named name: String) -> Int? {
      let prefix = Adapter.modelPrefixes.first(where: name.hasPrefix) ?? ""
      let plain = String(name.dropFirst(prefix.count))
      if let index = byName[plain] { return index }
      let towers = ["text_model.", "vision_model."]
      let others = towers.map { plain.hasPrefix($0) ? String(plain.dropFirst($0.count)) : $0 + plain }
      let indices = others.compactMap { byName[$0] }
      return indices.count == 1 ? indices[0] : nil
    }

    /// The index of a module's weight.
    func index(of module: String) -> Int? {
      if let index = index(named: module + ".weight") { return index }
      guard let prefix = Adapter.flatPrefixes.first(where: module.hasPrefix) else { return nil }
      return byFlatName[module.dropFirst(prefix.count) + "_weight"]
    }
  }
}
