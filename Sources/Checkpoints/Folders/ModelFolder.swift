internal import Archives

/// A folder of model files, and how far its links may reach.
struct ModelFolder {
  let path: String
  /// Links must stay inside: the folder itself, or the model's folder of a Hugging Face cache, where snapshots link
  /// into `blobs` beside them.
  let root: String

  init(_ path: String) {
    self.path = path
    // A snapshot, or a folder of a snapshot.
    let ancestors = [Folder.join(path, "../.."), Folder.join(path, "../../..")]
    self.root = ancestors.first(where: Self.isCacheFolder) ?? path
  }

  init(containing file: String) { self.init(Folder.parent(of: file)) }

  /// Where optimum and transformers.js put exports: below the configuration that they share with all else.
  static let exportFolderName = "onnx"

  /// The folders whose configurations describe a file, the nearest first.
  static func describing(_ file: String) -> [ModelFolder] {
    let own = ModelFolder(containing: file)
    guard Folder.lastComponent(of: own.path) == exportFolderName else { return [own] }
    return [own, ModelFolder(containing: own.path)]
  }

  /// `blobs` and `snapshots` side by side.
  static func isCacheFolder(_ path: String) -> Bool {
    Folder.hasFolder(Folder.join(path, "blobs")) && Folder.hasFolder(Folder.join(path, "snapshots"))
  }

  func pathOf(_ name: String) -> String { Folder.join(path, name) }

  /// Maps a file of the folder.
  ///
  /// - Throws: `linkLeavesFolder`, or what mapping throws.
  func map(_ name: String) throws(ReadError) -> MappedFile {
    try Folder.requireInside(pathOf(name), root: root)
    return try MappedFile(path: pathOf(name))
  }

  /// Maps a file if there is one.
  func mapIfPresent(_ name: String) throws(ReadError) -> MappedFile? {
    Folder.hasFile(pathOf(name)) ? try map(name) : nil
  }
}
