public import Archives

extension Checkpoint {
  /// Opens a checkpoint file or folder; what it is is told by content, never by its name.
  ///
  /// Configuration files beside a file, or in a folder, become evidence. `org/name` is looked up in Hugging Face's
  /// local cache where no file or folder has that name.
  ///
  /// - Throws: `ReadError`; its `category` says whether the path, the data or the format is to blame.
  public static func open(
    _ path: String, taking selection: Selection = Selection(), limits: Limits = .standard
  ) throws(ReadError) -> Checkpoint {
    let limits = limits.withBudget
    if let folder = try HubCache.folder(ofModelNamed: path) {
      return try FolderReader(folder: folder, selection: selection, limits: limits).read()
    }
    switch try Folder.kind(of: path) {
    case .folder: return try FolderReader(folder: path, selection: selection, limits: limits).read()
    case .file, .other:
      try requireVariant(selection.variant, of: path)
      try FolderCandidate(Folder.lastComponent(of: path)).requireWhole(path)
      var checkpoint = try open(try MappedFile(path: path), taking: selection, limits: limits)
      checkpoint.evidence.isSingleFile = true
      checkpoint.addNeighbours(of: path, limits: limits)
      return checkpoint
    }
  }

  /// - Throws: `noCheckpointInFolder` for a file whose name tells another variant than the one asked for.
  private static func requireVariant(_ variant: String?, of path: String) throws(ReadError) {
    guard let variant, FolderCandidate(Folder.lastComponent(of: path)).variant != variant else { return }
    throw ReadError(.noCheckpointInFolder, expected: "a file of the variant \(variant)", file: path)
  }

  /// Opens one mapped file. Nothing beside it is looked at, unless it is an index of shards or names a file of its
  /// tensors' bytes.
  public static func open(
    _ file: MappedFile, taking selection: Selection = Selection(), limits: Limits = .standard
  ) throws(ReadError) -> Checkpoint {
    let limits = limits.withBudget
    do throws(ReadError) {
      var checkpoint = try container(file, format: selection.format, limits: limits)
      try checkpoint.takeModel(below: selection.prefix, limits: limits)
      return checkpoint
    } catch {
      throw error.inFile(file.path)
    }
  }

  /// What a file is, without opening what it holds; nil for a folder and for an index of shards.
  public static func format(
    of path: String, limits: Limits = .standard
  ) throws(ReadError) -> CheckpointFormat? {
    guard try Folder.kind(of: path) != .folder else { return nil }
    return try format(of: MappedFile(path: path), limits: limits)
  }

  /// What a mapped file is; nil for an index of shards.
  public static func format(
    of file: MappedFile, limits: Limits = .standard
  ) throws(ReadError) -> CheckpointFormat? {
    do throws(ReadError) {
      switch try ContentDetector(file: file, limits: limits.withBudget).detect() {
      case .checkpoint(let format, _): return format
      case .shardIndex: return nil
      }
    } catch {
      throw error.inFile(file.path)
    }
  }

  /// Opens a file for its tensors, whatever they belong to, by the names that it gives them.
  package static func container(
    _ file: MappedFile, format: CheckpointFormat? = nil, limits: Limits = .standard
  ) throws(ReadError) -> Checkpoint {
    do throws(ReadError) {
      guard file.byteCount > 0 else { throw ReadError(.emptyFile) }
      let limits = limits.withBudget
      if let format {
        limits.admit(file)
        return try format.read(FileProbe(file, limits: limits))
      }
      switch try ContentDetector(file: file, limits: limits).detect() {
      case .checkpoint(let format, let probe): return try format.read(probe)
      case .shardIndex(let index):
        return try ShardReader(index: index, folder: ModelFolder(containing: file.path), limits: limits)
          .read()
      }
    } catch {
      throw error.inFile(file.path)
    }
  }

  /// Keeps the model's tensors, by its own names. Our own bundles hold nothing else.
  private mutating func takeModel(below prefix: String?, limits: Limits) throws(ReadError) {
    guard format != .bundle else {
      guard let prefix else { return }
      throw ReadError(
        .noModelBelowPrefix, expected: "no --prefix: a bundle holds one model", found: "\"\(prefix)\"")
    }
    let sieve = try TensorSieve(tensors, below: prefix, limits: limits)
    tensors = sieve.tensors
    ignored = sieve.ignored + ignored
    notes += sieve.notes
    evidence.strippedPrefix = sieve.strippedPrefix
    evidence.scalarBuffers = sieve.scalarBuffers
  }
}

/// Which model to read where a file or folder holds several.
public struct Selection: Sendable, Equatable {
  /// Take a file for one of this format; of a folder, the file in it.
  public var format: CheckpointFormat?
  /// What stands before the names of the model's tensors, with or without the last dot; empty for the model at the top.
  public var prefix: String?
  /// The form of the weights that the name of the file tells: `fp16` of `model.fp16.safetensors`.
  public var variant: String?

  public init(format: CheckpointFormat? = nil, prefix: String? = nil, variant: String? = nil) {
    self.format = format
    self.prefix = prefix
    self.variant = variant
  }
}
