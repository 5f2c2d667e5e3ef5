internal import Archives

/// Reads what `torch.save` was given: a state dict, or a training checkpoint around one.
struct StateDictReader<Tensors: TorchTensors> {
  private var tensors: Tensors
  private var contents = TorchContents()

  /// - Throws: `noStateDict`, or what a tensor is refused for.
  static func read(_ tensors: Tensors) throws(ReadError) -> TorchContents {
    var reader = StateDictReader(tensors: tensors)
    try reader.read()
    return reader.contents
  }

  private init(tensors: Tensors) { self.tensors = tensors }

  private mutating func read() throws(ReadError) {
    let found = try StateDictFinder(tensors: tensors).find()
    // Names of several dictionaries are told apart by the keys that lead to each.
    if found.count == 1 { contents.evidence.wrapperKeys = found[0].wrapperKeys }
    for candidate in found {
      try read(candidate, prefix: found.count == 1 ? [] : candidate.wrapperKeys)
    }
    readTrainingFacts(around: Set(found.compactMap(\.wrapperKeys.first)))
  }

  private mutating func read(
    _ found: StateDictFinder<Tensors>.Candidate, prefix: [String]
  ) throws(ReadError) {
    for (key, value) in found.pairs {
      let name = (prefix + [key]).joined(separator: ".")
      if tensors.isTensor(value) {
        contents.tensors.append(try tensors.tensor(value, name: name))
      } else {
        contents.ignored.append(IgnoredEntry(name: name, reason: .notATensor, tensorCount: 0))
      }
    }
  }

  /// What lies beside the wrapped state dicts: epoch and name are facts, tensors are training state.
  private mutating func readTrainingFacts(around wrappers: Set<String>) {
    guard !wrappers.isEmpty else { return }
    var facts = TrainingFacts()
    for pair in tensors.graph.pairs(of: tensors.graph.root) ?? [] {
      guard let key = pair.key.stringValue, !wrappers.contains(key) else { continue }
      switch key {
      case "epoch": facts.epoch = pair.value.integerValue
      case "name": facts.name = pair.value.stringValue
      default: ignoreTrainingState(key, pair.value)
      }
    }
    if facts != TrainingFacts() { contents.evidence.training = facts }
  }

  private mutating func ignoreTrainingState(_ key: String, _ value: PickleValue) {
    var census = TensorCensus(tensors)
    census.count(value)
    guard census.tensorCount > 0 else { return }
    contents.ignored.append(
      IgnoredEntry(
        name: key, reason: .trainingState, tensorCount: census.tensorCount, byteCount: census.byteCount))
    contents.notes.append(
      "ignored \(key): training state, \(census.tensorCount) tensor\(census.tensorCount == 1 ? "" : "s"), \(byteText(census.byteCount))"
    )
  }
}
