internal import Checkpoints

/// The updates of a model that peft trains and that was saved with them: `base_layer` beside `lora_A` and `lora_B`.
struct LowRankUpdates {
  private(set) var tensors: [CheckpointTensor]
  private(set) var notes: [String] = []

  private static let base = ".base_layer."

  /// - Throws: `undecidedScale`, `badReparametrization`, or `adapterWithoutBase` where only updates are there.
  init(_ tensors: [CheckpointTensor], _ settings: LowRankSettings) throws(ModelError) {
    self.tensors = tensors
    guard let first = tensors.first(where: { LowRankUpdate.isPart($0.name) }) else { return }
    guard tensors.contains(where: { $0.name.contains(Self.base) }) else {
      throw ModelError(.adapterWithoutBase, tensor: first.name, file: first.file)
    }
    let byName = Dictionary(tensors.map { ($0.name, $0) }) { first, _ in first }
    let updates = tensors.compactMap { LowRankUpdate($0, byName) }
    var weights: [String: CheckpointTensor] = [:]
    for update in updates {
      let stored = update.module + Self.base + "weight"
      guard let weight = byName[stored] else {
        throw ModelError(.missingTensors, tensor: update.down.name, found: stored, file: update.down.file)
      }
      weights[stored] = try update.added(
        to: weight, scale: settings.scale(update), as: update.module + ".weight")
    }
    let consumed = Set(updates.flatMap(\.names))
    self.tensors = tensors.filter { !consumed.contains($0.name) }.map { tensor in
      weights[tensor.name]
        ?? CheckpointTensor(renaming: tensor, to: tensor.name.replacing(Self.base, with: "."))
    }
    notes = ["merged \(updates.count) low-rank updates into their weights (LoRA)"]
  }
}
