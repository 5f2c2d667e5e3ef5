internal import Archives
internal import TensorTypes

/// Reads a folder: finds the one checkpoint in it or one level below it, or lists the candidates in an error.
struct FolderReader {
  private let folder: ModelFolder
  private let selection: Selection
  private let limits: Limits

  init(folder: String, selection: Selection = Selection(), limits: Limits) {
    self.folder = ModelFolder(folder)
    self.selection = selection
    self.limits = limits
  }

  /// - Throws: `noCheckpointInFolder`, `severalCheckpoints`, or errors from opening the checkpoint.
  func read() throws(ReadError) -> Checkpoint {
    if ModelFolder.isCacheFolder(folder.path) { return try readCache() }
    try SentenceModules.requireNothingMore(in: folder, limits: limits)
    var checkpoint: Checkpoint
    if let below = try holdsNoModel ? readBelow() : nil {
      checkpoint = below
    } else if let here = try readHere() {
      checkpoint = here
      try checkpoint.addEvidence(from: folder, limits: limits)
    } else {
      throw try noCheckpoint()
    }
    checkpoint.layout = layout(of: checkpoint)
    return checkpoint
  }

  // MARK: Files of the folder

  /// Whether no file of the folder has a preferred name or holds tensors of a CLIP.
  private var holdsNoModel: Bool {
    get throws(ReadError) {
      let candidates = try FolderCandidates(folder, selection, limits)
      return candidates.all.allSatisfy { $0.rank == nil && !$0.isModel(folder, limits) }
    }
  }

  /// The checkpoint among the folder's own files; nil if there is none.
  private func readHere() throws(ReadError) -> Checkpoint? {
    var candidates = try FolderCandidates(folder, selection, limits)
    guard !candidates.all.isEmpty else { return nil }
    candidates.keepModels()
    if let pair = candidates.pair { return try read(pair) }
    let first = candidates.all[0]
    var checkpoint = try first.open(folder, selection, limits)
    let duplicates = candidates.all.dropFirst()
    for other in duplicates { try requireSameWeights(checkpoint, other, candidates) }
    if !duplicates.isEmpty {
      let names = duplicates.map(\.name).joined(separator: ", ")
      checkpoint.notes.append("read \(first.name); \(names) beside it hold as many weights and were not read")
    }
    if !candidates.passedOver.isEmpty {
      let names = candidates.passedOver.joined(separator: ", ")
      checkpoint.notes.append("read \(first.name); \(names) beside it were not read")
    }
    return checkpoint
  }

  private func read(_ pair: (image: FolderCandidate, text: FolderCandidate)) throws(ReadError) -> Checkpoint {
    let image = try pair.image.open(folder, selection, limits)
    return try Checkpoint(
      joining: image, try pair.text.open(folder, selection, limits), named: pair.image.name, pair.text.name)
  }

  /// Accepts another checkpoint as a duplicate if both have conventional names and equal numbers of weights.
  private func requireSameWeights(
    _ chosen: Checkpoint, _ other: FolderCandidate, _ candidates: FolderCandidates
  ) throws(ReadError) {
    let first = candidates.all[0]
    let isConventional = first.rank != nil || chosen.layout == .shards
    if isConventional, other.rank != nil,
      chosen.weightCount == (try? other.open(folder, selection, limits))?.weightCount
    {
      return
    }
    let names = candidates.all.map(\.name).joined(separator: ", ")
    throw ReadError(.severalCheckpoints, found: names, file: folder.path)
  }

  // MARK: One folder down

  /// The checkpoint in the only subfolder that holds a CLIP. Tools that write the models of a pipeline, or the steps
  /// of a training run, leave such folders.
  ///
  /// - Returns: nil if no subfolder holds one.
  private func readBelow() throws(ReadError) -> Checkpoint? {
    var found: [(name: String, checkpoint: Checkpoint)] = []
    for name in try Folder.names(in: folder.path, limits: limits) where !name.hasPrefix(".") {
      guard Folder.hasFolder(folder.pathOf(name)), let below = try openBelow(name) else { continue }
      found.append((name, below))
    }
    guard let first = found.first else { return nil }
    var checkpoint = first.checkpoint
    if found.count == 2, let (image, text) = TowerPair.order(first, found[1]) {
      checkpoint = try Checkpoint(joining: image.checkpoint, text.checkpoint, named: image.name, text.name)
    } else if found.count > 1 {
      let names = found.map { folder.pathOf($0.name) }.joined(separator: ", ")
      throw ReadError(.severalCheckpoints, found: names, file: folder.path)
    } else {
      checkpoint.notes.append("read the model in the folder \(first.name)")
    }
    for (name, _) in found {
      try checkpoint.addEvidence(from: ModelFolder(folder.pathOf(name)), limits: limits)
    }
    try checkpoint.addEvidence(from: folder, limits: limits)
    return checkpoint
  }

  /// Opens a subfolder. If its files cannot be opened or are not a CLIP, it is another part of the pipeline.
  private func openBelow(_ name: String) throws(ReadError) -> Checkpoint? {
    let path = folder.pathOf(name)
    try Folder.requireInside(path, root: folder.root)
    let below = FolderReader(folder: path, selection: selection, limits: limits)
    guard let candidates = try? FolderCandidates(below.folder, selection, limits),
      candidates.all.contains(where: { $0.isModel(below.folder, limits) })
    else { return nil }
    return try below.readHere()
  }

  private func noCheckpoint() throws(ReadError) -> ReadError {
    if let variant = selection.variant {
      return ReadError(
        .noCheckpointInFolder, expected: "a file of the variant \(variant)", file: folder.path)
    }
    if let refusal = ForeignFormat.refusal(ofFolder: folder.path) { return refusal }
    for name in try Folder.names(in: folder.path, limits: limits) where Folder.hasFile(folder.pathOf(name)) {
      if let refusal = ForeignFormat.refusal(ofFile: folder.pathOf(name), limits: limits) { return refusal }
    }
    return ReadError(.noCheckpointInFolder, file: folder.path)
  }

  private func layout(of checkpoint: Checkpoint) -> CheckpointLayout {
    if checkpoint.evidence.openCLIPConfig != nil, checkpoint.files[0].name.hasPrefix("open_clip") {
      return .openCLIPFolder
    }
    if folder.root != folder.path { return .huggingFaceCache }
    if checkpoint.evidence.huggingFaceConfig != nil { return .huggingFaceFolder }
    if checkpoint.evidence.openCLIPConfig != nil { return .openCLIPFolder }
    return checkpoint.layout == .shards ? .shards : .folder
  }

  // MARK: Hugging Face cache

  /// The snapshot that `refs/main` names, or the only one.
  private func readCache() throws(ReadError) -> Checkpoint {
    let snapshots = Folder.join(folder.path, "snapshots")
    let names = try Folder.names(in: snapshots, limits: limits)
    let main = try? MappedFile(path: Folder.join(folder.path, "refs/main"))
    let revision = main.map { file in
      file.bytes.withUnsafeBytes { String(decoding: $0.prefix(64), as: UTF8.self) }
        .filter { !$0.isWhitespace }
    }
    let chosen = names.first { $0 == revision } ?? (names.count == 1 ? names.first : nil)
    guard let chosen else {
      throw ReadError(
        names.isEmpty ? .noCheckpointInFolder : .severalCheckpoints,
        found: names.isEmpty ? nil : "snapshots \(names.joined(separator: ", "))", file: folder.path)
    }
    return try FolderReader(folder: Folder.join(snapshots, chosen), selection: selection, limits: limits)
      .read()
  }
}

extension Checkpoint {
  /// Number of elements of all floating-point tensors.
  fileprivate var weightCount: Int {
    tensors.filter(\.dtype.isFloatingPoint).reduce(0) { $0 &+ $1.elementCount }
  }
}
