public import Archives

extension Checkpoint {
  /// Opens a checkpoint file or folder; what it is is told by content, never by its name.
  ///
  /// Configuration files beside a file, or in a folder, become evidence. `org/name` is looked up in Hugging Face's
  /// local cache where no file or folder has that name.
  ///
  /// - Parameter format: takes the file for one of this format; in a folder, reads the file of this format.
  /// - Throws: `ReadError`; its `category` says whether the path, the data or the format is to blame.
  public static func open(
    _ path: String, as format: CheckpointFormat? = nil, limits: Limits = .standard
  ) throws(ReadError) -> Checkpoint {
    if let folder = try HubCache.folder(ofModelNamed: path) {
      return try FolderReader(folder: folder, format: format, limits: limits).read()
    }
    switch try Folder.kind(of: path) {
    case .folder: return try FolderReader(folder: path, format: format, limits: limits).read()
    case .file, .other:
      var checkpoint = try open(try MappedFile(path: path), as: format, limits: limits)
      checkpoint.addNeighbours(of: path, limits: limits)
      return checkpoint
    }
  }

  /// Opens one mapped file. Nothing beside it is looked at, unless it is an index of shards or names a file of its
  /// tensors' bytes.
  public static func open(
    _ file: MappedFile, as format: CheckpointFormat? = nil, limits: Limits = .standard
  ) throws(ReadError) -> Checkpoint {
    do throws(ReadError) {
      guard file.byteCount > 0 else { throw ReadError(.emptyFile) }
      if let format { return try format.read(FileProbe(file, limits: limits)) }
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
}
