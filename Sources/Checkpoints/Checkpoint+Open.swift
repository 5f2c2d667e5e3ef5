public import Archives

extension Checkpoint {
  /// Opens a checkpoint file or folder; what it is is told by content, never by its name.
  ///
  /// - Throws: `ReadError`; its `category` says whether the path, the data or the format is to blame.
  public static func open(_ path: String, limits: Limits = .standard) throws(ReadError) -> Checkpoint {
    let file = try MappedFile(path: path)
    return try open(file, limits: limits)
  }

  /// Opens one mapped file, without looking at its neighbours.
  public static func open(_ file: MappedFile, limits: Limits = .standard) throws(ReadError) -> Checkpoint {
    do throws(ReadError) {
      return try SafetensorsReader.read(file, limits: limits)
    } catch {
      throw error.inFile(file.path)
    }
  }
}
