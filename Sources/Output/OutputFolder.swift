#if canImport(Glibc)
  private import Glibc
#else
  private import Darwin
#endif

/// A folder that appears under its name complete, or not at all.
///
/// It is filled as a locked sibling, `.NAME.pclip-partial`, which the next run removes if this one is interrupted.
package struct OutputFolder: ~Copyable {
  package let path: String
  /// Where to write until `publish`.
  package let partialPath: String
  private let replacesExisting: Bool
  private let replaceable: Set<String>
  /// Holds the lock.
  private let descriptor: Int32

  /// - Parameters:
  ///   - replacesExisting: whether a folder of that name may be replaced; it is, at `publish`.
  ///   - replaceable: every name, of files and folders, that a folder to be replaced may hold.
  ///   - sources: files that must not be replaced, whatever is said.
  package init(
    path: String, replacesExisting: Bool, replaceable: Set<String>, sources: [String] = []
  ) throws(OutputError) {
    let path = Self.withoutTrailingSlashes(path)
    let partialPath = Self.sibling(of: path, suffix: ".pclip-partial")
    try Self.checkDestination(
      path, replacesExisting: replacesExisting, replaceable: replaceable, sources: sources)
    try Self.removeLeftover(partialPath, of: path)
    guard mkdir(partialPath, 0o777) == 0 else { throw OutputError.last(path: path) }
    let descriptor = open(partialPath, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw OutputError.last(path: path) }
    flock(descriptor, LOCK_EX | LOCK_NB)
    self.path = path
    self.partialPath = partialPath
    self.replacesExisting = replacesExisting
    self.replaceable = replaceable
    self.descriptor = descriptor
  }

  deinit {
    FolderContents.remove(partialPath)
    close(descriptor)
  }

  /// A folder in it.
  package func makeFolder(_ name: String) throws(OutputError) {
    guard mkdir("\(partialPath)/\(name)", 0o777) == 0 || errno == EEXIST else {
      throw OutputError.last(path: path)
    }
  }

  /// Gives the folder its name.
  package consuming func publish() throws(OutputError) {
    fsync(descriptor)
    // This also replaces an empty folder.
    if rename(partialPath, path) == 0 { return }
    guard replacesExisting, errno == ENOTEMPTY || errno == EEXIST else { throw OutputError.last(path: path) }
    try Self.checkContents(path, replaceable)
    let aside = Self.sibling(of: path, suffix: ".pclip-replaced")
    guard rename(path, aside) == 0 else { throw OutputError.last(path: path) }
    guard rename(partialPath, path) == 0 else {
      let error = OutputError.last(path: path)
      rename(aside, path)
      throw error
    }
    FolderContents.remove(aside)
  }
}

extension OutputFolder {
  /// Whether a folder could be published there; tells long before the work is done that leads to it.
  package static func checkDestination(
    _ path: String, replacesExisting: Bool, replaceable: Set<String>, sources: [String]
  ) throws(OutputError) {
    let path = withoutTrailingSlashes(path)
    var status = stat()
    guard lstat(path, &status) == 0 else {
      guard errno == ENOENT else { throw OutputError.last(path: path) }
      guard access(parent(of: path), W_OK) == 0 else { throw OutputError.last(path: path) }
      return
    }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw OutputError(.exists, path: path) }
    for source in sources {
      var other = stat()
      guard stat(parent(of: source), &other) == 0 else { continue }
      if (other.st_dev, other.st_ino) == (status.st_dev, status.st_ino) {
        throw OutputError(.isSource, path: path)
      }
    }
    guard !FolderContents.names(path).isEmpty else { return }
    guard replacesExisting else { throw OutputError(.folderExists, path: path) }
    try checkContents(path, replaceable)
  }

  private static func checkContents(_ path: String, _ replaceable: Set<String>) throws(OutputError) {
    guard let other = FolderContents.name(in: path, notIn: replaceable) else { return }
    throw OutputError(.folderHoldsOthers, path: path, reason: other)
  }

  /// Removes what an interrupted run left, unless a running one holds it.
  private static func removeLeftover(_ partialPath: String, of path: String) throws(OutputError) {
    let leftover = open(partialPath, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
    guard leftover >= 0 else { return }
    defer { close(leftover) }
    guard flock(leftover, LOCK_EX | LOCK_NB) == 0 else { throw OutputError(.beingWritten, path: path) }
    FolderContents.remove(partialPath)
  }

  private static func withoutTrailingSlashes(_ path: String) -> String {
    var path = path
    while path.utf8.count > 1, path.hasSuffix("/") { path.removeLast() }
    return path
  }

  private static func sibling(of path: String, suffix: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return ".\(path)\(suffix)" }
    return "\(path[...slash]).\(path[path.index(after: slash)...])\(suffix)"
  }

  private static func parent(of path: String) -> String {
    path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
  }
}
