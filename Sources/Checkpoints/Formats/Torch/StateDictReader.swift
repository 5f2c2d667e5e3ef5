internal import Archives

/// Reads what `torch.save` was given: a state dict, or a training checkpoint around one.
struct StateDictReader<Tensors: TorchTensors> {
  private var tensors: Tensors
  private var contents = TorchContents()

  /// - Throws: `noStateDict`, `severalStateDicts`, or what a tensor is refused for.
  static func read(_ tensors: Tensors) throws(ReadError) -> TorchContents {
    var reader = StateDictReader(tensors: tensors)
    try reader.read()
    return reader.contents
  }

  private init(tensors: Tensors) { self.tensors = tensors }

  private mutating func read() throws(ReadError) {
    let found = try StateDictFinder(tensors: tensors).find()
    for (key, value) in found.pairs {
      if tensors.isTensor(value) {
        contents.tensors.append(try tensors.tensor(value, name: key))
      } else {
        contents.ignored.append(IgnoredEntry(name: key, reason: .notATensor, tensorCount: 0))
      }
    }
    contents.evidence.wrapperKeys = found.wrapperKeys
    if !found.wrapperKeys.isEmpty { readTrainingFacts(around: found.wrapperKeys[0]) }
  }

  /// What lies beside the wrapped state dict: epoch and name are facts, tensors are training state.
  private mutating func readTrainingFacts(around wrapper: String) {
    var facts = TrainingFacts()
    for pair in tensors.graph.pairs(of: tensors.graph.root) ?? [] {
      guard let key = pair.key.stringValue, key != wrapper else { continue }
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
