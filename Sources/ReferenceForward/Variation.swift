internal import Models

/// One change to a layer. Exactly one part of the forward pass differs from the unchanged one.
package enum LayerChange {
  /// Other weights, in the shape of the layer's, and what is added to each output.
  case weights([Float], addedToOutputs: [Float]?)
  /// Other inputs, computed from the layer's `[items, …, channels]`; of a table, other rows.
  case inputs((Tensor) -> Tensor)
}

/// Runs the items and changed copies of them in one batch.
///
/// Copies of the items begin where their change does, so that they share everything before it with the unchanged items.
/// Copy c of item i is at position c · items + i of a batch, and copy 0 is unchanged. A tensor that was computed before
/// some copies began is widened with the unchanged items.
package final class Variation {
  private let itemCount: Int
  private let changes: ReferenceForward.Changes
  private var copyCount = 1

  package init(itemCount: Int, changes: @escaping ReferenceForward.Changes) {
    self.itemCount = itemCount
    self.changes = changes
  }

  /// A layer's outputs for all copies so far, then for those that begin here.
  func run(
    _ name: String, _ x: Tensor, _ weight: Tensor, _ layer: (Tensor, Tensor) -> Tensor
  ) throws(ModelError) -> Tensor {
    let inputs = widened(x)
    let items = inputs.firstItems(itemCount)
    var outputs = [layer(inputs, weight)]
    for change in try changes(name) {
      switch change {
      case .weights(let values, let addition):
        var changed = layer(items, Tensor(weight.shape, values))
        if let addition { changed.addRepeating(Tensor([addition.count], addition)) }
        outputs.append(changed)
      case .inputs(let change): outputs.append(layer(change(items), weight))
      }
    }
    copyCount += outputs.count - 1
    return .joined(outputs)
  }

  /// `x` for all copies so far.
  func widened(_ x: Tensor) -> Tensor {
    let missing = copyCount - x.shape[0] / itemCount
    guard missing > 0 else { return x }
    return .joined([x] + [Tensor](repeating: x.firstItems(itemCount), count: missing))
  }
}

extension Tensor {
  fileprivate func firstItems(_ count: Int) -> Tensor {
    Tensor([count] + shape.dropFirst(), Array(values[..<(values.count / shape[0] * count)]))
  }

  /// Along the slowest axis.
  fileprivate static func joined(_ parts: [Tensor]) -> Tensor {
    guard parts.count > 1 else { return parts[0] }
    var values: [Float] = []
    values.reserveCapacity(parts.reduce(0) { $0 + $1.values.count })
    for part in parts { values += part.values }
    return Tensor([parts.reduce(0) { $0 + $1.shape[0] }] + parts[0].shape.dropFirst(), values)
  }
}
