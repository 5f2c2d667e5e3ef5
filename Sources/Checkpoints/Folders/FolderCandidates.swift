internal import Archives

/// The files of a folder that may be the model.
struct FolderCandidates {
  /// Preferred names first.
  private(set) var all: [FolderCandidate] = []
  /// Names of files that are not the model, or another form of it.
  private(set) var passedOver: [String] = []

  private let folder: ModelFolder
  private let limits: Limits

  /// Files that are checkpoints by content and of the variant asked for; shards that an index lists do not count.
  ///
  /// - Throws: what mapping a file of a preferred name throws, or any other where there is nothing else to read.
  init(_ folder: ModelFolder, _ selection: Selection, _ limits: Limits) throws(ReadError) {
    self.folder = folder
    self.limits = limits
    var shards: Set<String> = []
    var refusal: ReadError?
    for name in try Folder.names(in: folder.path, limits: limits) where Folder.hasFile(folder.pathOf(name)) {
      let candidate = FolderCandidate(name)
      let file: MappedFile
      do throws(ReadError) {
        file = try folder.map(name)
      } catch {
        // A file that belongs to something else must not stop the reading, unless there is nothing else to read.
        if candidate.rank != nil { throw error }
        refusal = refusal ?? error
        continue
      }
      switch try? ContentDetector(file: file, limits: limits).detect() {
      case .checkpoint(let row, _):
        if row.isReadable, selection.format == nil || selection.format == row { all.append(candidate) }
      case .shardIndex(let index):
        all.append(candidate)
        shards.formUnion(KerasShards.files(of: index))
      // A file of a preferred name that is broken must be reported, not passed over.
      case .none: if candidate.rank != nil { all.append(candidate) }
      }
    }
    if all.isEmpty, let refusal { throw refusal }
    all.removeAll { shards.contains($0.name) }
    take(variant: selection.variant)
    all.sort { $0.order < $1.order }
  }

  /// Of the variants of one file, the one asked for; the file without a variant where none was.
  private mutating func take(variant: String?) {
    let names = Set(all.map(\.name))
    let kept = all.filter { candidate in
      if let variant { return candidate.variant == variant }
      return candidate.variant == nil || !names.contains(candidate.plainName)
    }
    passedOver += all.map(\.name).filter { name in !kept.contains { $0.name == name } }
    all = kept
  }

  /// Leaves out training files and other libraries' weights, which hold no tensor of a CLIP. A file of a preferred name
  /// that cannot be read stays: its error must be seen.
  mutating func keepModels() {
    // peft's adapter beside the weights that it changes: it becomes evidence, and `--adapter` decides on it.
    if Folder.hasFile(folder.pathOf(FolderCandidate.adapterConfigName)),
      all.contains(where: { !$0.isAdapter && $0.isModel(folder, limits) })
    {
      all.removeAll(where: \.isAdapter)
    }
    guard all.count > 1 else { return }
    let kept = all.filter { candidate in
      if candidate.isModel(folder, limits) { return true }
      return candidate.rank != nil && candidate.container(folder, limits) == nil
    }
    guard !kept.isEmpty else { return }
    passedOver += all.map(\.name).filter { name in !kept.contains { $0.name == name } }
    all = kept
  }

  /// The two halves of a model that was exported as two graphs; nil where the files are anything else.
  var pair: (image: FolderCandidate, text: FolderCandidate)? {
    guard all.count == 2, all.allSatisfy({ $0.name.hasSuffix(".onnx") }) else { return nil }
    let stems = all.map { String($0.plainName.dropLast(".onnx".count)) }
    if TowerPair.isImage(stems[0]), TowerPair.isText(stems[1]) { return (all[0], all[1]) }
    if TowerPair.isImage(stems[1]), TowerPair.isText(stems[0]) { return (all[1], all[0]) }
    return nil
  }
}
