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
    let found: [StateDictFinder<Tensors>.Candidate]
    do throws(ReadError) { found = try StateDictFinder(tensors: tensors).find() } catch {
      throw OpaqueObjects(tensors).explain(error)
    }
    // Keys stay a part of the names where they distinguish several dictionaries, or say that one holds no weights.
    let isModel = found.count == 1 && OtherValues.meaning(of: found[0].wrapperKeys.map { $0[...] }) == nil
    if isModel { contents.evidence.wrapperKeys = found[0].wrapperKeys }
    let paths = Set(found.map(\.wrapperKeys))
    for candidate in found {
      try read(candidate, prefix: isModel ? [] : candidate.wrapperKeys, others: paths)
    }
    readTrainingFacts(around: Set(found.compactMap(\.wrapperKeys.first)))
  }

  /// - Parameter others: keys that lead to dictionaries that are read themselves.
  private mutating func read(
    _ found: StateDictFinder<Tensors>.Candidate, prefix: [String], others: Set<[String]>
  ) throws(ReadError) {
    for (key, value) in found.pairs {
      let name = (prefix + [key]).joined(separator: ".")
      if tensors.isTensor(value) {
        contents.tensors.append(try tensors.tensor(value, name: name))
      } else if !others.contains(found.wrapperKeys + [key]) {
        try readOther(name, value, isModel: found.looksLikeCLIP)
      }
    }
  }

  /// What a dictionary of tensors holds besides. An object with tensors in it may be a tensor of a class that is not
  /// known, or a part of the model: leaving it out would change the model.
  private mutating func readOther(_ key: String, _ value: PickleValue, isModel: Bool) throws(ReadError) {
    var census = TensorCensus(tensors)
    census.count(value)
    if census.tensorCount > 0 {
      guard let className = tensors.graph.object(of: value)?.className else {
        ignoreTrainingState(key, value)
        return
      }
      throw ReadError(
        isModel ? .unsupportedTensorKind : .wholeModulePickle, found: "an object of class \(className)",
        path: [.key(key)])
    }
    contents.ignored.append(IgnoredEntry(name: key, reason: .notATensor, tensorCount: 0))
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
    let amount =
      "\(counted(census.tensorCount, "tensor")), \(byteText(census.byteCount))"
    let holder = OpaqueObjects(tensors).holder(in: value)
    contents.ignored.append(
      IgnoredEntry(
        name: key, reason: holder == nil ? .trainingState : .opaqueObject, tensorCount: census.tensorCount,
        byteCount: census.byteCount))
    contents.notes.append(
      holder.map { "ignored \(key): in an object of class \($0), which is not read: \(amount)" }
        ?? "ignored \(key): training state, \(amount)")
  }
}

/// What was found in a PyTorch file, and what the file says beyond it.
struct TorchContents {
  var tensors: [CheckpointTensor] = []
  var ignored: [IgnoredEntry] = []
  var evidence = Evidence()
  var notes: [String] = []

  func checkpoint(_ format: CheckpointFormat, in file: MappedFile) -> Checkpoint {
    Checkpoint(
      format: format, files: [SourceFile(path: file.path, byteCount: file.byteCount)], tensors: tensors,
      ignored: ignored, evidence: evidence, notes: notes)
  }
}
