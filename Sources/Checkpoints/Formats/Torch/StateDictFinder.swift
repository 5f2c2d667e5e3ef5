internal import Archives

/// Finds the state dicts in the object that a training script pickled.
struct StateDictFinder<Tensors: TorchTensors> {
  /// A dictionary with text keys, at least one of which holds a tensor.
  struct Candidate {
    /// Keys of the path from the top.
    var wrapperKeys: [String]
    var pairs: [(key: String, value: PickleValue)]
    /// Values under keys that are not texts.
    var unnamed: [(key: PickleValue, value: PickleValue)]
    var looksLikeCLIP: Bool
  }

  /// The deepest nesting of wrappers that is searched.
  private static var deepestWrapper: Int { 3 }

  let tensors: Tensors

  /// The top dictionary if it holds weights itself, otherwise the dictionaries below it that look like a CLIP or a
  /// tower.
  ///
  /// - Throws: `noStateDict`, with the keys that exist.
  func find() throws(ReadError) -> [Candidate] {
    var candidates: [Candidate] = []
    var visited: Set<Int> = []
    try collect(tensors.graph.root, keys: [], visited: &visited, into: &candidates)
    let promising = candidates.filter(\.looksLikeCLIP)
    if let top = candidates.first, top.wrapperKeys.isEmpty, top.looksLikeCLIP || promising.isEmpty {
      return [top]
    }
    guard !promising.isEmpty else { throw noStateDict(candidates) }
    return promising
  }

  private func collect(
    _ value: PickleValue, keys: [String], visited: inout Set<Int>, into candidates: inout [Candidate]
  ) throws(ReadError) {
    guard case .dict(let index) = value, visited.insert(index).inserted, keys.count <= Self.deepestWrapper,
      let pairs = tensors.graph.pairs(of: value)
    else { return }
    let named = pairs.compactMap { pair in pair.key.stringValue.map { (key: $0, value: pair.value) } }
    // Dictionaries can share keys, and each key leads to names that begin with it.
    let nameBytes = 4 * named.reduce(0, { $0 + $1.key.utf8.count }) + keys.reduce(0) { $0 + $1.utf8.count }
    try tensors.limits.charge(nameBytes + 4 * Budget.step, for: "names of dictionaries")
    if named.contains(where: { tensors.isTensor($0.value) }) {
      let names = named.filter { tensors.isTensor($0.value) }.map(\.key)
        .filter { $0.utf8.count <= tensors.limits.tensorNameBytes }
      candidates.append(
        Candidate(
          wrapperKeys: keys, pairs: named, unnamed: pairs.filter { $0.key.stringValue == nil },
          looksLikeCLIP: names.contains(where: TensorNames.isFromCLIP)))
    }
    for (key, child) in named {
      try collect(child, keys: keys + [key], visited: &visited, into: &candidates)
    }
  }

  private func noStateDict(_ candidates: [Candidate]) -> ReadError {
    if candidates.isEmpty {
      let keys = (tensors.graph.pairs(of: tensors.graph.root) ?? []).compactMap(\.key.stringValue)
      let found = keys.isEmpty ? "no dictionary of tensors" : "keys \(keys.prefix(8).joined(separator: ", "))"
      return ReadError(.noStateDict, found: found)
    }
    let names = candidates.map { $0.wrapperKeys.joined(separator: ".") }
    return ReadError(.noStateDict, found: "tensors only in \(names.prefix(8).joined(separator: ", "))")
  }
}
