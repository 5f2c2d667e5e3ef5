private import CPlatform
private import SystemPath

#if canImport(Glibc)
  private import Glibc
#else
  private import Darwin
#endif

/// A file that appears under its name complete, or not at all.
///
/// If the file system supports it, the file has no name until it is published (`O_TMPFILE`), so nothing remains if
/// the process ends. Otherwise it is a locked file in the same folder, `.NAME.pclip-partial`, which the next run
/// removes.
package struct OutputFile: ~Copyable {
  package let path: String
  private let replacesExisting: Bool
  private let descriptor: Int32
  /// The path of the temporary file, or nil for an unnamed one.
  private let partialPath: String?
  /// After publishing, the path of the temporary file can belong to another process.
  private var isPublished = false

  /// - Parameter replacesExisting: whether an existing file may be replaced. `publish` replaces it in one step.
  /// - Parameter sources: files that must never be replaced.
  /// - Parameter usesUnnamedFile: false only to test the other method.
  package init(
    path: String, replacesExisting: Bool, sources: [String] = [], usesUnnamedFile: Bool = true
  ) throws(OutputError) {
    self.path = path
    self.replacesExisting = replacesExisting
    try Self.checkDestination(path, replacesExisting: replacesExisting, sources: sources)
    let destination = Destination(path)
    try destination.removeLeftover()
    if usesUnnamedFile, let unnamed = destination.openUnnamed() {
      descriptor = unnamed
      partialPath = nil
    } else {
      descriptor = try destination.openPartial()
      partialPath = destination.partialPath
    }
  }

  deinit {
    if let partialPath, !isPublished { SystemPath.unlink(partialPath) }
    close(descriptor)
  }

  /// The region to which several threads can write while this file exists.
  package var region: Region { Region(descriptor: descriptor, path: path) }

  /// A path that opens the unpublished file from within this process.
  package var readablePath: String { partialPath ?? "/proc/self/fd/\(descriptor)" }

  /// Waits until all data is on the disk, then gives the file its name.
  package consuming func publish() throws(OutputError) {
    if replacesExisting { keepPermissions() }
    guard fsync(descriptor) == 0 else { throw OutputError.last(path: path) }
    let destination = Destination(path)
    if replacesExisting {
      if partialPath == nil { try link(readablePath, to: destination.partialPath, ifExists: .beingWritten) }
      guard SystemPath.rename(destination.partialPath, path) == 0 else {
        let error = OutputError.last(path: path)
        SystemPath.unlink(destination.partialPath)
        throw error
      }
      isPublished = true
    } else {
      // Unlike a rename, a link never replaces a file that has been created in the meantime.
      try link(readablePath, to: path)
    }
    destination.syncFolder()
  }

  /// Applies the user's permissions of the old file to the new one, without its set-user-ID and set-group-ID bits.
  private borrowing func keepPermissions() {
    var status = stat()
    if SystemPath.stat(path, &status) == 0 { fchmod(descriptor, status.st_mode & 0o777) }
  }

  /// - Parameter existing: the error if the target exists.
  private borrowing func link(
    _ source: String, to target: String, ifExists existing: OutputError.Code = .exists
  ) throws(OutputError) {
    let flags = partialPath == nil ? AT_SYMLINK_FOLLOW : 0
    guard SystemPath.link(source, target, flags) == 0 else {
      throw errno == EEXIST ? OutputError(existing, path: path) : OutputError.last(path: path)
    }
  }

  /// Whether a file could be published there. Reports a problem before the work begins.
  package static func checkDestination(
    _ path: String, replacesExisting: Bool, sources: [String] = []
  ) throws(OutputError) {
    var status = stat()
    guard SystemPath.lstat(path, &status) == 0 else {
      guard errno == ENOENT else { throw OutputError.last(path: path) }
      guard SystemPath.access(Destination(path).folder, W_OK) == 0 else { throw OutputError.last(path: path) }
      return
    }
    switch status.st_mode & S_IFMT {
    case S_IFDIR: throw OutputError(.isFolder, path: path)
    case S_IFLNK: throw OutputError(leadsToFile(path) ? .isLink : .notAFile, path: path)
    case S_IFREG: break
    default: throw OutputError(.notAFile, path: path)
    }
    for source in sources {
      var other = stat()
      guard SystemPath.stat(source, &other) == 0 else { continue }
      if (other.st_dev, other.st_ino) == (status.st_dev, status.st_ino) {
        throw OutputError(.isSource, path: path)
      }
    }
    if !replacesExisting { throw OutputError(.exists, path: path) }
  }

  /// Whether a link leads to a regular file, or nowhere yet.
  private static func leadsToFile(_ path: String) -> Bool {
    var status = stat()
    return SystemPath.stat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG
  }

  /// The temporary name of a file, if unnamed files are not supported.
  static func partialName(of name: String) -> String {
    ".\(name.hasSuffix(".pclip") ? String(name.dropLast(6)) : name).pclip-partial"
  }

  /// A copyable handle for writing at offsets.
  package struct Region: Sendable {
    fileprivate let descriptor: Int32
    fileprivate let path: String

    /// Sets the size of the empty file, with large pages that are fast to map afterwards.
    package func layOut(byteCount: Int) throws(OutputError) {
      let status = pf_lay_out_file(descriptor, byteCount)
      guard status == PF_OK else { throw OutputError(errno: status, path: path) }
    }

    package func write(_ bytes: RawSpan, at offset: Int) throws(OutputError) {
      try bytes.withUnsafeBytes { buffer throws(OutputError) in
        guard let base = buffer.baseAddress else { return }
        var written = 0
        while written < buffer.count {
          let count = pwrite(descriptor, base + written, buffer.count - written, off_t(offset + written))
          if count < 0, errno == EINTR { continue }
          guard count > 0 else { throw OutputError.last(path: path) }
          written += count
        }
      }
    }
  }
}

/// The folder of a file, and the path of its temporary file.
private struct Destination {
  let path: String
  let folder: String
  let partialPath: String

  init(_ path: String) {
    self.path = path
    let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    let name = slash.map { String(path[path.utf8.index(after: $0)...]) } ?? path
    let prefix = slash.map { String(path[...$0]) } ?? ""
    folder = prefix.isEmpty ? "." : prefix
    partialPath = prefix + OutputFile.partialName(of: name)
  }

  /// Removes the temporary file of an interrupted run, unless a running process holds it.
  func removeLeftover() throws(OutputError) {
    let leftover = SystemPath.open(partialPath, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
    guard leftover >= 0 else { return }
    defer { close(leftover) }
    guard flock(leftover, LOCK_EX | LOCK_NB) == 0 else { throw OutputError(.beingWritten, path: path) }
    SystemPath.unlink(partialPath)
  }

  /// An unnamed file, or nil if that is not possible or it could not be linked later.
  func openUnnamed() -> Int32? {
    // O_TMPFILE is a macro that Swift does not import.
    let temporaryFile = Int32(0o20_000_000) | O_DIRECTORY
    let descriptor = SystemPath.open(folder, temporaryFile | O_RDWR | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { return nil }
    guard SystemPath.access("/proc/self/fd/\(descriptor)", F_OK) == 0 else {
      close(descriptor)
      return nil
    }
    return descriptor
  }

  func openPartial() throws(OutputError) -> Int32 {
    let descriptor = SystemPath.open(partialPath, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o666)
    guard descriptor >= 0 else {
      switch errno {
      case EEXIST: throw OutputError(.beingWritten, path: path)
      // Some file systems report a missing file if they cannot create it.
      case ENOENT where SystemPath.access(folder, F_OK) == 0:
        throw OutputError(.folderNotWritable, path: path)
      default: throw OutputError.last(path: path)
      }
    }
    flock(descriptor, LOCK_EX | LOCK_NB)
    return descriptor
  }

  /// Makes the new name survive a power failure. The data is already on the disk.
  func syncFolder() {
    let descriptor = SystemPath.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }
}
