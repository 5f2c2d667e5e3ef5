internal import Archives

/// Tensors that are not part of the model, counted by the components that their names begin with.
struct TensorGroups {
  private var groups: [String: (tensors: Int, bytes: Int)] = [:]
  private var order: [String] = []

  /// Components that tell a group from its neighbours: `model.diffusion_model`, not every layer.
  private static let depth = 2
  /// Groups that a note names.
  private static let shown = 4

  mutating func add(_ tensor: CheckpointTensor, _ name: TensorName) {
    let count = min(Self.depth, max(1, name.components.count - 1))
    let key = name.components.prefix(count).joined(separator: ".")
    if groups[key] == nil { order.append(key) }
    let group = groups[key] ?? (0, 0)
    groups[key] = (group.tensors + 1, group.bytes.addingReportingOverflow(tensor.byteCount).partialValue)
  }

  var entries: [IgnoredEntry] {
    order.map { key in
      let group = groups[key] ?? (0, 0)
      return IgnoredEntry(
        name: key, reason: .otherModel, tensorCount: group.tensors, byteCount: group.bytes)
    }
  }

  /// `lm_head (1 tensor), model.layers (290 tensors) and 3 more`; nil for none.
  var text: String? {
    guard !order.isEmpty else { return nil }
    let shown = entries.prefix(Self.shown).map {
      "\($0.name) (\(counted($0.tensorCount, "tensor")))"
    }
    .joined(separator: ", ")
    return order.count > Self.shown
      ? "\(shown) and \(counted(order.count - Self.shown, "more group"))" : shown
  }
}
