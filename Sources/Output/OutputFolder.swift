private import SystemPath

#if canImport(Glibc)
  private import Glibc
#else
  private import Darwin
#endif

/// A folder that appears under its name complete, or not at all.
///
/// Its files are written to a locked folder next to it, `.NAME.pclip-partial`, which the next run removes if this one
/// is interrupted.
package struct OutputFolder: ~Copyable {
  package typealias Step = FolderReplacement.Step

  package let path: String
  private let replacesExisting: Bool
  private let replacement: FolderReplacement
  /// Holds the lock.
  private let descriptor: Int32
  /// After publishing, the hidden name can belong to another process.
  private var isPublished = false

  /// The path to write to until `publish`.
  package var partialPath: String { replacement.partial }

  /// - Parameters:
  ///   - replacesExisting: whether an existing folder may be replaced. `publish` replaces it.
  ///   - replaceable: layouts that a replaced folder may have.
  ///   - sources: files that must never be replaced.
  package init(
    path: String, replacesExisting: Bool, replaceable: [FolderLayout], sources: [String] = []
  ) throws(OutputError) {
    let path = Self.withoutTrailingSlashes(path)
    let replacement = FolderReplacement(path, replaceable)
    try replacement.recover()
    try Self.checkDestination(
      path, replacesExisting: replacesExisting, replaceable: replaceable, sources: sources)
    guard SystemPath.mkdir(replacement.partial, 0o777) == 0 else {
      throw OutputError.last(path: errno == EEXIST ? replacement.partial : path)
    }
    let descriptor = SystemPath.open(replacement.partial, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw OutputError.last(path: path) }
    flock(descriptor, LOCK_EX | LOCK_NB)
    self.path = path
    self.replacesExisting = replacesExisting
    self.replacement = replacement
    self.descriptor = descriptor
  }

  deinit {
    if !isPublished { FolderContents.remove(replacement.partial, replacement.layouts) }
    close(descriptor)
  }

  /// Creates a subfolder.
  package func makeFolder(_ name: String) throws(OutputError) {
    guard SystemPath.mkdir("\(partialPath)/\(name)", 0o777) == 0 || errno == EEXIST else {
      throw OutputError.last(path: path)
    }
  }

  /// Gives the folder its name.
  ///
  /// - Parameters:
  ///   - exchangesNames: false only to test file systems that do not support it.
  ///   - reached: called after each step; tests end the process there.
  package consuming func publish(
    exchangesNames: Bool = true, _ reached: (Step) -> Void = { _ in }
  ) throws(OutputError) {
    fsync(descriptor)
    // This also replaces an empty folder.
    if SystemPath.rename(partialPath, path) == 0 {
      isPublished = true
      return replacement.syncParent()
    }
    guard replacesExisting, errno == ENOTEMPTY || errno == EEXIST else { throw OutputError.last(path: path) }
    try Self.checkContents(path, replacement.layouts)
    try replacement.replace(exchanges: exchangesNames, reached)
    isPublished = true
  }
}

extension OutputFolder {
  /// Whether a folder could be published there. Reports a problem before the work begins.
  package static func checkDestination(
    _ path: String, replacesExisting: Bool, replaceable: [FolderLayout], sources: [String]
  ) throws(OutputError) {
    let path = withoutTrailingSlashes(path)
    var status = stat()
    guard SystemPath.lstat(path, &status) == 0 else {
      guard errno == ENOENT else { throw OutputError.last(path: path) }
      guard SystemPath.access(FolderReplacement.parent(of: path), W_OK) == 0 else {
        throw OutputError.last(path: path)
      }
      return
    }
    switch status.st_mode & S_IFMT {
    case S_IFDIR: break
    case S_IFLNK: throw OutputError(.isLink, path: path)
    default: throw OutputError(.exists, path: path)
    }
    for source in sources {
      var other = stat()
      guard SystemPath.stat(FolderReplacement.parent(of: source), &other) == 0 else { continue }
      if (other.st_dev, other.st_ino) == (status.st_dev, status.st_ino) {
        throw OutputError(.isSource, path: path)
      }
    }
    guard try !FolderContents.names(path).isEmpty else { return }
    guard replacesExisting else { throw OutputError(.folderExists, path: path) }
    try checkContents(path, replaceable)
  }

  private static func checkContents(_ path: String, _ replaceable: [FolderLayout]) throws(OutputError) {
    guard let fault = try FolderContents.fault(in: path, replaceable, isComplete: true) else { return }
    throw OutputError(.folderHoldsOthers, path: path, reason: fault)
  }

  private static func withoutTrailingSlashes(_ path: String) -> String {
    var path = path
    while path.utf8.count > 1, path.hasSuffix("/") { path.removeLast() }
    return path
  }
}
