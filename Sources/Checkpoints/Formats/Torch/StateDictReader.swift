internal import Archives

/// Reads the argument of `torch.save`: a state dict, or a training checkpoint around one.
struct StateDictReader<Tensors: TorchTensors> {
  private var tensors: Tensors
  private var contents = TorchContents()

  /// - Throws: `noStateDict`, or errors of a tensor.
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
    // Keys stay part of the names if they distinguish several dictionaries, or mark a dictionary that holds no
    // weights.
    let isModel = found.count == 1 && OtherValues.meaning(of: found[0].wrapperKeys.map { $0[...] }) == nil
    if isModel { contents.evidence.wrapperKeys = found[0].wrapperKeys }
    let paths = Set(found.map(\.wrapperKeys))
    for candidate in found {
      try read(candidate, prefix: isModel ? [] : candidate.wrapperKeys, others: paths)
    }
    if !paths.contains([]) {
      // The paths to dictionaries that are read themselves.
      let ways = Set(paths.flatMap { path in path.indices.map { Array(path[..<$0]) } })
      try listOthers(in: tensors.graph.root, below: [], nextTo: paths, ways)
    }
  }

  /// Charged for each entry of a state dict in addition to its name. A pickle can repeat a name with two bytes.
  private static var entryBytes: Int { 256 }

  /// - Parameter others: keys of dictionaries that are read themselves.
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
    for (key, value) in found.unnamed {
      try ignoreTrainingState((prefix + [Self.label(of: key)]).joined(separator: "."), value)
    }
  }

  /// Handles other values in a dictionary of tensors. An object that holds tensors can be a tensor of an unknown
  /// class or a part of the model, so ignoring it could change the model.
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

  /// Lists entries next to the wrapped state dicts, on every level above them: epoch and name become facts, tensors
  /// are training state. Does not search deeper than the wrappers.
  private mutating func listOthers(
    in dict: PickleValue, below path: [String], nextTo found: Set<[String]>, _ ways: Set<[String]>
  ) throws(ReadError) {
    for (key, value) in tensors.graph.pairs(of: dict) ?? [] {
      let keys = path + [Self.label(of: key)]
      if found.contains(keys) { continue }
      if path.isEmpty, readFact(key, value) { continue }
      if ways.contains(keys) {
        try listOthers(in: value, below: keys, nextTo: found, ways)
      } else {
        try ignoreTrainingState(keys.joined(separator: "."), value)
      }
    }
  }

  private mutating func readFact(_ key: PickleValue, _ value: PickleValue) -> Bool {
    var facts = contents.evidence.training ?? TrainingFacts()
    switch key.stringValue {
    case "epoch": facts.epoch = value.integerValue
    case "name": facts.name = value.stringValue
    default: return false
    }
    if facts != TrainingFacts() { contents.evidence.training = facts }
    return true
  }

  private static func label(of key: PickleValue) -> String {
    key.stringValue ?? key.integerValue.map { "\($0)" } ?? "a key that is not a text"
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

/// The contents of a PyTorch file, and what the file states beyond them.
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
