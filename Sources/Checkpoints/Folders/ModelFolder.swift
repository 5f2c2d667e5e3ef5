internal import Archives

/// A folder of model files, and the folder that its links must not leave.
struct ModelFolder {
  let path: String
  /// Links must stay inside this folder: the folder itself, or the model's folder of a Hugging Face cache, because
  /// snapshots link into the neighbouring `blobs`.
  let root: String

  init(_ path: String) {
    self.path = path
    // For a snapshot, or a subfolder of a snapshot.
    let ancestors = [Folder.join(path, "../.."), Folder.join(path, "../../..")]
    self.root = ancestors.first(where: Self.isCacheFolder) ?? path
  }

  init(containing file: String) { self.init(Folder.parent(of: file)) }

  /// The subfolder in which optimum and transformers.js put exports. Its parent holds the configuration files.
  static let exportFolderName = "onnx"

  /// The folders whose configuration files describe a file, nearest first.
  static func describing(_ file: String) -> [ModelFolder] {
    let own = ModelFolder(containing: file)
    guard Folder.lastComponent(of: own.path) == exportFolderName else { return [own] }
    return [own, ModelFolder(containing: own.path)]
  }

  /// Whether the folder contains both `blobs` and `snapshots`.
  static func isCacheFolder(_ path: String) -> Bool {
    Folder.hasFolder(Folder.join(path, "blobs")) && Folder.hasFolder(Folder.join(path, "snapshots"))
  }

  func pathOf(_ name: String) -> String { Folder.join(path, name) }

  /// Maps a file of the folder.
  ///
  /// - Throws: `linkLeavesFolder`, or errors from mapping.
  func map(_ name: String) throws(ReadError) -> MappedFile {
    try Folder.requireInside(pathOf(name), root: root)
    return try MappedFile(path: pathOf(name))
  }

  func mapIfPresent(_ name: String) throws(ReadError) -> MappedFile? {
    Folder.hasFile(pathOf(name)) ? try map(name) : nil
  }
}
