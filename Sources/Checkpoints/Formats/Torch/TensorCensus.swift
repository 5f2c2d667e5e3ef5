internal import Archives

/// Counts the tensors below a value, visiting each container once, and including tensors in objects of unknown
/// classes.
struct TensorCensus<Tensors: TorchTensors> {
  private let tensors: Tensors
  private(set) var tensorCount = 0
  private(set) var byteCount = 0
  private var visited: Set<PickleContainer> = []

  private enum PickleContainer: Hashable {
    case dictionary(Int)
    case sequence(Int)
    case object(Int)
  }

  init(_ tensors: Tensors) { self.tensors = tensors }

  /// Uses a work list instead of recursion, because the file determines the nesting.
  ///
  /// - Throws: `budgetExceeded`, because every key of a dictionary can lead to the same large container.
  mutating func count(_ value: PickleValue) throws(ReadError) {
    var pending = [value]
    while let next = pending.popLast() {
      try tensors.limits.charge(4 * Budget.step, for: "values beside the weights")
      if tensors.isTensor(next) {
        tensorCount += 1
        byteCount = byteCount.addingReportingOverflow(tensors.statedByteCount(next)).partialValue
        continue
      }
      switch next {
      case .dict(let index):
        if visited.insert(.dictionary(index)).inserted {
          pending += (tensors.graph.pairs(of: next) ?? []).map(\.value)
        }
      case .list(let index), .tuple(let index), .set(let index):
        if visited.insert(.sequence(index)).inserted { pending += tensors.graph.elements(of: next) ?? [] }
      case .object(let index):
        if visited.insert(.object(index)).inserted {
          pending += tensors.graph.object(of: next)?.contents ?? []
        }
      // A storage without a tensor around it, which an unknown function would have turned into a tensor.
      case .persistent: tensorCount += 1
      case .none, .bool, .integer, .largeInteger, .double, .string, .bytes, .global: break
      }
    }
  }
}

/// A byte count for display: `1.2 GB`, in powers of ten with one decimal.
func byteText(_ count: Int) -> String {
  for (unit, size) in [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000)] where count >= size {
    let tenths = count / (size / 10)
    return "\(tenths / 10).\(tenths % 10) \(unit)"
  }
  return "\(count) bytes"
}
