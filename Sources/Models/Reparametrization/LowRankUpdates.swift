internal import Archives
internal import Checkpoints

/// The updates in a model's own file: next to peft's `base_layer`, to which they must be added, or next to complete
/// weights, which can already include them.
struct LowRankUpdates {
  private(set) var tensors: [CheckpointTensor]
  private(set) var notes: [String] = []

  private static let base = ".base_layer."

  /// - Throws: `undecidedScale`, `badReparametrization`, `adapterWithoutBase` if there are only updates, or
  ///   `undecidedAdapter`.
  init(
    _ tensors: [CheckpointTensor], _ settings: LowRankSettings, _ choice: AdapterChoice?
  ) throws(ModelError) {
    self.tensors = tensors
    guard let first = tensors.first(where: { LowRankUpdate.isPart($0.name) }) else { return }
    let byName = Dictionary(tensors.map { ($0.name, $0) }) { first, _ in first }
    let updates = tensors.compactMap { LowRankUpdate($0, byName) }
    let isPeft = tensors.contains { $0.name.contains(Self.base) }
    guard isPeft || byName[LowRankUpdate.weight(of: first.name)] != nil else {
      throw ModelError(.adapterWithoutBase, tensor: first.name, file: first.file)
    }
    switch (isPeft, choice) {
    case (true, nil): try merge(updates, byName, behind: Self.base, settings)
    case (false, .merge): try merge(updates, byName, behind: ".", settings)
    case (false, .ignore): ignore(updates)
    case (false, nil):
      throw ModelError(
        .undecidedAdapter, tensor: first.name,
        found: "\(counted(updates.count, "update")) beside the weights",
        file: first.file)
    case (true, .some):
      var error = ModelError(
        .unsupportedOption, found: "--adapter: the names (base_layer) say that it is not merged")
      error.remedy = "leave --adapter out"
      throw error
    }
  }

  private mutating func merge(
    _ updates: [LowRankUpdate], _ byName: [String: CheckpointTensor], behind separator: String,
    _ settings: LowRankSettings
  ) throws(ModelError) {
    var weights: [String: CheckpointTensor] = [:]
    for update in updates {
      let stored = update.module + separator + "weight"
      guard let weight = byName[stored] else {
        throw ModelError(.missingTensors, tensor: update.down.name, found: stored, file: update.down.file)
      }
      weights[stored] = try update.added(
        to: weight, scale: settings.scale(update), as: update.module + ".weight")
    }
    let consumed = Set(updates.flatMap(\.names))
    tensors = tensors.filter { !consumed.contains($0.name) }.map { tensor in
      weights[tensor.name]
        ?? CheckpointTensor(renaming: tensor, to: tensor.name.replacing(Self.base, with: "."))
    }
    notes = ["merged \(counted(updates.count, "low-rank update")) into the weights (LoRA)"]
  }

  private mutating func ignore(_ updates: [LowRankUpdate]) {
    let left = Set(updates.flatMap(\.names))
    tensors.removeAll { left.contains($0.name) }
    notes = [
      "not merged into the weights: \(counted(updates.count, "low-rank update")) (LoRA), by --adapter ignore"
    ]
  }
}
