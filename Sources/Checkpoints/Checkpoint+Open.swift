public import Archives

extension Checkpoint {
  /// Opens a checkpoint file or folder; what it is is told by content, never by its name.
  ///
  /// Configuration files beside a file, or in a folder, become evidence.
  ///
  /// - Throws: `ReadError`; its `category` says whether the path, the data or the format is to blame.
  public static func open(_ path: String, limits: Limits = .standard) throws(ReadError) -> Checkpoint {
    switch try Folder.kind(of: path) {
    case .folder: return try FolderReader(folder: path, limits: limits).read()
    case .file, .other:
      var checkpoint = try open(try MappedFile(path: path), limits: limits)
      checkpoint.addNeighbours(of: path, limits: limits)
      return checkpoint
    }
  }

  /// Opens one mapped file. Nothing beside it is looked at, unless it is an index of shards.
  public static func open(_ file: MappedFile, limits: Limits = .standard) throws(ReadError) -> Checkpoint {
    do throws(ReadError) {
      switch try ContentDetector(file: file, limits: limits).detect() {
      case .torch(let zip): return try TorchReader.read(zip, file: file, limits: limits)
      case .safetensors: return try SafetensorsReader.read(file, limits: limits)
      case .shardIndex(let index):
        return try ShardReader(index: index, folder: ModelFolder(containing: file.path), limits: limits)
          .read()
      case .unsupported(let format): throw ReadError(.unsupportedFormat, found: format.nameAndOrigin)
      }
    } catch {
      throw error.inFile(file.path)
    }
  }
}
