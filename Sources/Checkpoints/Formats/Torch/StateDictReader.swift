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
      throw try OpaqueObjects(tensors).explain(error)
    }
    // Keys stay a part of the names where they distinguish several dictionaries, or say that one holds no weights.
    let isModel = found.count == 1 && OtherValues.meaning(of: found[0].wrapperKeys.map { $0[...] }) == nil
    if isModel { contents.evidence.wrapperKeys = found[0].wrapperKeys }
    let paths = Set(found.map(\.wrapperKeys))
    for candidate in found {
      try read(candidate, prefix: isModel ? [] : candidate.wrapperKeys, others: paths)
    }
    try readTrainingFacts(around: Set(found.compactMap(\.wrapperKeys.first)))
  }

  /// Charged for each entry of a state dict beside its name, which a pickle may repeat with two bytes.
  private static var entryBytes: Int { 256 }

  /// - Parameter others: keys that lead to dictionaries that are read themselves.
  private mutating func read(
    _ found: StateDictFinder<Tensors>.Candidate, prefix: [String], others: Set<[String]>
  ) throws(ReadError) {
    let prefixBytes = prefix.reduce(0) { $0 + $1.utf8.count + 1 }
    for (key, value) in found.pairs {
      try tensors.limits.charge(
        Self.entryBytes + prefixBytes + key.utf8.count, for: "names of a state dict")
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
    try census.count(value)
    if census.tensorCount > 0 {
      guard let className = tensors.graph.object(of: value)?.className else {
        try ignoreTrainingState(key, value)
        return
      }
      throw ReadError(
        isModel ? .unsupportedTensorKind : .wholeModulePickle, found: "an object of class \(className)",
        path: [.key(key)])
    }
    contents.ignored.append(IgnoredEntry(name: key, reason: .notATensor, tensorCount: 0))
  }

  /// What lies beside the wrapped state dicts: epoch and name are facts, tensors are training state.
  private mutating func readTrainingFacts(around wrappers: Set<String>) throws(ReadError) {
    guard !wrappers.isEmpty else { return }
    var facts = TrainingFacts()
    for pair in tensors.graph.pairs(of: tensors.graph.root) ?? [] {
      guard let key = pair.key.stringValue, !wrappers.contains(key) else { continue }
      switch key {
      case "epoch": facts.epoch = pair.value.integerValue
      case "name": facts.name = pair.value.stringValue
      default: try ignoreTrainingState(key, pair.value)
      }
    }
    if facts != TrainingFacts() { contents.evidence.training = facts }
  }

  private mutating func ignoreTrainingState(_ key: String, _ value: PickleValue) throws(ReadError) {
    var census = TensorCensus(tensors)
    try census.count(value)
    guard census.tensorCount > 0 else { return }
    try tensors.limits.charge(2 * key.utf8.count, for: "names of training state")
    let amount =
      "\(counted(census.tensorCount, "tensor")), \(byteText(census.byteCount))"
    let holder = try OpaqueObjects(tensors).holder(in: value)
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
