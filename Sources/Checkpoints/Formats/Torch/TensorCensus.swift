internal import Archives

/// Counts the tensors below a value, each container once; those that objects of unknown classes hold as well.
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

  /// With a work list instead of recursion: nesting is the file's to choose.
  ///
  /// - Throws: `budgetExceeded`: each key of a dictionary may lead to the same large container.
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
      // A storage that no tensor stands around: what an unknown function would have made a tensor of.
      case .persistent: tensorCount += 1
      case .none, .bool, .integer, .largeInteger, .double, .string, .bytes, .global: break
      }
    }
  }
}

/// A byte count for people: `1.2 GB`, in powers of ten with one decimal.
func byteText(_ count: Int) -> String {
  for (unit, size) in [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000)] where count >= size {
    let tenths = count / (size / 10)
    return "\(tenths / 10).\(tenths % 10) \(unit)"
  }
  return "\(count) bytes"
}
