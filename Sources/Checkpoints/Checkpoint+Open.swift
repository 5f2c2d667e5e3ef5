public import Archives

extension Checkpoint {
  /// Opens a checkpoint file or folder. The format is detected from the content; the file name is ignored.
  ///
  /// Configuration files next to a file, or in a folder, become evidence. If no file or folder has the name
  /// `org/name`, it is looked up in Hugging Face's local cache.
  ///
  /// - Throws: `ReadError`. Its `category` says whether the path, the data or the format is wrong.
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
      try FolderCandidate(Folder.lastComponent(of: path)).requireUnsharded(path)
      var checkpoint = try open(try MappedFile(path: path), taking: selection, limits: limits)
      checkpoint.evidence.isSingleFile = true
      checkpoint.addNeighbours(of: path, limits: limits)
      return checkpoint
    }
  }

  /// - Throws: `noCheckpointInFolder` for a file whose name states another variant than the requested one.
  private static func requireVariant(_ variant: String?, of path: String) throws(ReadError) {
    guard let variant, FolderCandidate(Folder.lastComponent(of: path)).variant != variant else { return }
    throw ReadError(.noCheckpointInFolder, expected: "a file of the variant \(variant)", file: path)
  }

  /// Opens one mapped file. Other files are read only if it is an index of shards or names a file that holds its
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

  /// The format of a file, without opening the tensors; nil for a folder and for an index of shards.
  public static func format(
    of path: String, limits: Limits = .standard
  ) throws(ReadError) -> CheckpointFormat? {
    guard try Folder.kind(of: path) != .folder else { return nil }
    return try format(of: MappedFile(path: path), limits: limits)
  }

  /// The format of a mapped file; nil for an index of shards.
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

  /// Opens a file for its tensors, which need not belong to a CLIP, under the file's own names.
  package static func container(
    _ file: MappedFile, format: CheckpointFormat? = nil, limits: Limits = .standard
  ) throws(ReadError) -> Checkpoint {
    do throws(ReadError) {
      guard file.byteCount > 0 else { throw ReadError(.emptyFile) }
      let limits = limits.withBudget
      if let format { return try container(file, takenFor: format, limits) }
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

  /// - Throws: `notACheckpoint` if reading fails and the content has another format.
  private static func container(
    _ file: MappedFile, takenFor format: CheckpointFormat, _ limits: Limits
  ) throws(ReadError) -> Checkpoint {
    limits.admit(file)
    do throws(ReadError) {
      return try format.read(FileProbe(file, limits: limits))
    } catch {
      guard case .checkpoint(let other, _) = try ContentDetector(file: file, limits: limits).detect(),
        other != format
      else { throw error }
      throw ReadError(
        .notACheckpoint, expected: "the format \(format.identifier)", found: "\(other.identifier)",
        advice: "leave --format out, or give --format \(other.identifier)")
    }
  }

  /// Keeps the model's tensors and renames them to the model's names. Does nothing for PocketCLIP bundles, which hold
  /// nothing else.
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

/// Selects the model to read if a file or folder holds several.
public struct Selection: Sendable, Equatable {
  /// The expected format of a file; of a folder, selects the file in this format.
  public var format: CheckpointFormat?
  /// The prefix of the model's tensor names, with or without the last dot; empty for the model at the top.
  public var prefix: String?
  /// The variant of the weights, as file names state it: `fp16` for `model.fp16.safetensors`.
  public var variant: String?

  public init(format: CheckpointFormat? = nil, prefix: String? = nil, variant: String? = nil) {
    self.format = format
    self.prefix = prefix
    self.variant = variant
  }
}
