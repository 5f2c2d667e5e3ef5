internal import Archives

/// PyTorch's zip files: TorchScript archives, state dicts, and training checkpoints around them.
struct TorchReader {
  private let archive: TorchArchive
  private let graph: PickleGraph
  private let limits: Limits
  private var decoder: TorchTensorDecoder
  private var tensors: [CheckpointTensor] = []
  private var ignored: [IgnoredEntry] = []
  private var evidence = Evidence()
  private var notes: [String] = []

  static func read(_ archive: TorchArchive, limits: Limits) throws(ReadError) -> Checkpoint {
    var reader = try TorchReader(archive: archive, limits: limits)
    return try reader.read()
  }

  private init(archive: TorchArchive, limits: Limits) throws(ReadError) {
    self.archive = archive
    self.limits = limits
    self.graph = try archive.unpickle(limits: limits)
    self.decoder = TorchTensorDecoder(archive: archive, graph: graph, limits: limits)
  }

  private mutating func read() throws(ReadError) -> Checkpoint {
    let isScript = archive.isTorchScript
    if isScript { try readModules() } else { try readStateDict() }
    if try !archive.pickleIsIntact() {
      notes.append("the checksum of data.pkl is not the one in the archive: compare the file's SHA-256")
    }
    let sieve = try TensorSieve(tensors, limits: limits)
    evidence.strippedPrefix = sieve.strippedPrefix
    evidence.scalarBuffers = sieve.scalarBuffers
    var checkpoint = Checkpoint(
      format: isScript ? .torchScript : .torchZip,
      files: [SourceFile(path: archive.file.path, byteCount: archive.file.byteCount)],
      tensors: sieve.tensors, ignored: sieve.ignored + ignored, evidence: evidence, notes: notes + sieve.notes
    )
    checkpoint.archives = [archive.zip]
    return checkpoint
  }

  private mutating func readModules() throws(ReadError) {
    evidence.moduleTypes = graph.scriptClassNames
    var walker = ScriptModuleWalker(graph: graph, limits: limits)
    let decoder = decoder
    for (name, value) in try walker.walk(isTensor: { decoder.isTensor($0) }) { try append(value, name: name) }
    let constants = archive.graphConstantEntries
    if !constants.isEmpty {
      ignored.append(
        IgnoredEntry(
          name: "constants", reason: .graphConstant, tensorCount: constants.count,
          byteCount: constants.reduce(0) { $0 + $1.byteCount }))
    }
    ignoreUnusedStorages()
  }

  private mutating func readStateDict() throws(ReadError) {
    let found = try StateDictFinder(decoder: decoder).find()
    for (key, value) in found.pairs {
      if decoder.isTensor(value) {
        try append(value, name: key)
      } else {
        ignored.append(IgnoredEntry(name: key, reason: .notATensor, tensorCount: 0))
      }
    }
    evidence.wrapperKeys = found.wrapperKeys
    if !found.wrapperKeys.isEmpty { readTrainingFacts(around: found.wrapperKeys[0]) }
  }

  private mutating func append(_ value: PickleValue, name: String) throws(ReadError) {
    tensors.append(try decoder.tensor(value, name: name))
  }

  /// What lies beside the wrapped state dict: epoch and name are facts, tensors are training state.
  private mutating func readTrainingFacts(around wrapper: String) {
    var facts = TrainingFacts()
    for pair in graph.pairs(of: graph.root) ?? [] {
      guard let key = pair.key.stringValue, key != wrapper else { continue }
      switch key {
      case "epoch": facts.epoch = pair.value.integerValue
      case "name": facts.name = pair.value.stringValue
      default: ignoreTrainingState(key, pair.value)
      }
    }
    if facts != TrainingFacts() { evidence.training = facts }
  }

  private mutating func ignoreTrainingState(_ key: String, _ value: PickleValue) {
    var census = TensorCensus(decoder: decoder, limits: limits)
    census.count(value)
    guard census.tensorCount > 0 else { return }
    ignored.append(
      IgnoredEntry(
        name: key, reason: .trainingState, tensorCount: census.tensorCount, byteCount: census.byteCount))
    notes.append(
      "ignored \(key): training state, \(census.tensorCount) tensor\(census.tensorCount == 1 ? "" : "s"), \(byteText(census.byteCount))"
    )
  }

  /// In a TorchScript archive every storage should belong to a parameter or buffer.
  private mutating func ignoreUnusedStorages() {
    for entry in archive.storageEntries where !decoder.usedMembers.contains(entry.name) {
      ignored.append(IgnoredEntry(name: entry.name, reason: .unusedStorage, byteCount: entry.byteCount))
    }
  }
}

/// Counts the tensors below a value, each container once.
private struct TensorCensus {
  let decoder: TorchTensorDecoder
  let limits: Limits
  var tensorCount = 0
  var byteCount = 0
  private var visited: Set<PickleContainer> = []

  private enum PickleContainer: Hashable {
    case dictionary(Int)
    case sequence(Int)
  }

  init(decoder: TorchTensorDecoder, limits: Limits) {
    self.decoder = decoder
    self.limits = limits
  }

  /// With a work list instead of recursion: nesting is the file's to choose.
  mutating func count(_ value: PickleValue) {
    var pending = [value]
    while let next = pending.popLast() {
      if decoder.isTensor(next) {
        tensorCount += 1
        byteCount = byteCount.addingReportingOverflow(decoder.statedByteCount(next)).partialValue
        continue
      }
      switch next {
      case .dict(let index) where visited.insert(.dictionary(index)).inserted:
        pending += (decoder.graph.pairs(of: next) ?? []).map(\.value)
      case .list(let index), .tuple(let index):
        if visited.insert(.sequence(index)).inserted { pending += decoder.graph.elements(of: next) ?? [] }
      default: break
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
