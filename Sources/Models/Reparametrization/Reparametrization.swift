internal import Archives
internal import Checkpoints

/// Converts weights that a file stores in another form to the form that the model computes with, before names are
/// bound.
struct Reparametrization {
  private(set) var tensors: [CheckpointTensor]
  private(set) var notes: [String] = []

  /// - Parameter choice: whether to apply updates next to complete weights.
  /// - Throws: `badReparametrization` if the parts of a weight do not fit each other; errors of `LowRankUpdates`.
  init(
    _ tensors: [CheckpointTensor], updates: LowRankSettings, of choice: AdapterChoice?
  ) throws(ModelError) {
    self.tensors = tensors
    let forms: [any StoredForm] = [
      RowScale.geometric, RowScale.weightNorm, RowScale.parametrized, MaskedWeight(),
      LongPositions(), SummedPositions(),
    ]
    for form in forms { try bring(form) }
    let merged = try LowRankUpdates(self.tensors, updates, choice)
    self.tensors = merged.tensors
    notes += merged.notes
  }

  private mutating func bring(_ form: any StoredForm) throws(ModelError) {
    let byName = Dictionary(tensors.map { ($0.name, $0) }) { first, _ in first }
    var replaced: [String: CheckpointTensor] = [:]
    var consumed: Set<String> = []
    for tensor in tensors {
      guard let parts = form.parts(of: tensor, byName) else { continue }
      let weight = try form.weight(of: parts)
      replaced[tensor.name] = weight
      consumed.formUnion([parts.first.name, parts.second.name])
    }
    guard !replaced.isEmpty else { return }
    tensors = tensors.compactMap { replaced[$0.name] ?? (consumed.contains($0.name) ? nil : $0) }
    notes.append("\(counted(replaced.count, "weight")): \(form.note)")
  }
}

/// A way to store one weight as two tensors.
protocol StoredForm {
  /// How the weight is computed, for a note.
  var note: String { get }

  /// The two tensors, if `tensor` is the first of such a pair.
  func parts(of tensor: CheckpointTensor, _ byName: [String: CheckpointTensor]) -> StoredParts?

  /// - Throws: `badReparametrization`.
  func weight(of parts: StoredParts) throws(ModelError) -> CheckpointTensor
}

struct StoredParts {
  /// The model's name of the weight.
  var name: String
  var first, second: CheckpointTensor
}
