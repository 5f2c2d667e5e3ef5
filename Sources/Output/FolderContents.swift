internal import Foundation
internal import SystemPath

/// The contents of an export folder.
enum FolderContents {
  /// Text in the first bytes of every signed file: the producer of an ONNX graph, or a key of a safetensors file.
  static let signature = "pocketclip"
  private static let signedByteCount = 64

  /// - Throws: if the folder cannot be listed, because its files may belong to somebody else.
  static func names(_ path: String) throws(OutputError) -> [String] {
    guard let names = SystemPath.names(in: path) else { throw OutputError.last(path: path) }
    return names
  }

  /// The first sign that a folder is not an export with one of these layouts, or nil.
  ///
  /// - Parameter isComplete: false for a folder in which files may be missing.
  static func fault(
    in path: String, _ layouts: [FolderLayout], isComplete: Bool
  ) throws(OutputError) -> String? {
    let files = try files(in: path, layouts)
    let counts = layouts.map { $0.files.intersection(files).count }
    guard let (layout, _) = zip(layouts, counts).max(by: { $0.1 < $1.1 }) else { return files.first }
    var hasSigned = false
    for file in files {
      guard layout.files.contains(file), kind("\(path)/\(file)") == S_IFREG else { return file }
      guard layout.signed.contains(file) else { continue }
      guard isSigned("\(path)/\(file)") else { return "\(file) does not name \(signature)" }
      hasSigned = true
    }
    return hasSigned || !isComplete ? nil : "without weights"
  }

  /// All files of a folder, and of those of its subfolders that a layout has.
  private static func files(in path: String, _ layouts: [FolderLayout]) throws(OutputError) -> [String] {
    var files: [String] = []
    for name in try names(path) {
      if layouts.contains(where: { $0.folders.contains(name) }), kind("\(path)/\(name)") == S_IFDIR {
        files += try names("\(path)/\(name)").map { "\(name)/\($0)" }
      } else {
        files.append(name)
      }
    }
    return files
  }

  private static func kind(_ path: String) -> mode_t {
    var status = Status()
    return SystemPath.lstat(path, &status) == 0 ? status.st_mode & S_IFMT : 0
  }

  private static func isSigned(_ path: String) -> Bool {
    let descriptor = SystemPath.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: signedByteCount)
    let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
    return bytes.prefix(max(0, count)).firstRange(of: Array(signature.utf8)) != nil
  }

  /// Removes the files of these layouts, and then the folder, unless it contains anything else. Does not follow
  /// links.
  static func remove(_ path: String, _ layouts: [FolderLayout]) {
    for layout in layouts {
      let folders = layout.folders.filter { kind("\(path)/\($0)") == S_IFDIR }
      for file in layout.files
      where !file.contains("/") || folders.contains(where: { file.hasPrefix($0 + "/") }) {
        SystemPath.unlink("\(path)/\(file)")
      }
      for folder in folders { SystemPath.rmdir("\(path)/\(folder)") }
    }
    SystemPath.rmdir(path)
  }
}
