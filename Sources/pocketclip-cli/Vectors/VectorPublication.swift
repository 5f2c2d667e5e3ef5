import Archives
import Foundation
import SystemPath

/// Gives vectors and rows their final names, so that the two files with these names always belong together.
///
/// Both files are complete and on the disk under hidden names before anything changes. Then the old rows are removed, the
/// vectors renamed, and the rows renamed. A crash leaves the old pair, or vectors without rows, which the next run
/// completes.
struct VectorPublication {
  let paths: VectorPaths
  /// Whether files of these names may be replaced.
  var replaces: Bool

  /// Call when `newVectors` and `newRows` are complete.
  func publishBoth() throws(Failure) {
    syncFolder()
    if replaces {
      guard SystemPath.unlink(paths.rows) == 0 || errno == ENOENT else {
        throw .writing(paths.rows, errno: errno)
      }
      syncFolder()
    }
    try give(paths.newVectors, paths.vectors)
    try give(paths.newRows, paths.rows)
    syncFolder()
  }

  /// Call when `newRows` is complete and the vectors are unchanged.
  func publishRows() throws(Failure) {
    guard SystemPath.rename(paths.newRows, paths.rows) == 0 else { throw .writing(paths.rows, errno: errno) }
    syncFolder()
  }

  /// Completes or undoes a publication that a crash interrupted. Call under the lock.
  func recover() throws(Failure) {
    if SystemPath.access(paths.rows, F_OK) != 0, SystemPath.access(paths.newRows, F_OK) == 0 {
      for vectors in [paths.newVectors, paths.vectors] {
        guard try isComplete(vectors) else { continue }
        let publication = VectorPublication(paths: paths, replaces: true)
        if vectors == paths.newVectors { try publication.give(vectors, paths.vectors) }
        try publication.give(paths.newRows, paths.rows)
        syncFolder()
        break
      }
    }
    discard()
  }

  /// Whether these vectors and the new rows are complete and belong together.
  ///
  /// - Throws: errors that do not answer this, such as too many open files.
  private func isComplete(_ vectors: String) throws(Failure) -> Bool {
    guard SystemPath.access(vectors, F_OK) == 0 else { return false }
    do throws(Failure) {
      _ = try PublishedVectors(vectors, paths.newRows, paths.format)
      return true
    } catch {
      guard error.status == .data else { throw error }
      return false
    }
  }

  /// Removes files that did not get their final names.
  func discard() {
    SystemPath.unlink(paths.newVectors)
    SystemPath.unlink(paths.newRows)
  }

  private func give(_ source: String, _ name: String) throws(Failure) {
    if replaces {
      guard SystemPath.rename(source, name) == 0 else { throw .writing(name, errno: errno) }
      return
    }
    // Unlike a rename, a link never replaces a file that appeared in the meantime.
    guard SystemPath.link(source, name) == 0 else {
      guard errno != EEXIST else {
        throw Failure(
          .output, "output \(name): a file of that name appeared during the run",
          hint: "move it away, then repeat the command with --resume")
      }
      guard SystemPath.rename(source, name) == 0 else { throw .writing(name, errno: errno) }
      return
    }
    SystemPath.unlink(source)
  }

  /// Writes the names to the disk, so that they survive a power failure. The data is already there.
  private func syncFolder() {
    let descriptor = SystemPath.open(paths.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }
}

/// A file that is written from its beginning to its end.
struct SequentialFile: ~Copyable {
  private let path: String
  private let descriptor: Int32
  private var buffer: [UInt8] = []
  private static let bufferByteCount = 1 << 20

  init(_ path: String) throws(Failure) {
    self.path = path
    SystemPath.unlink(path)
    descriptor = SystemPath.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o666)
    guard descriptor >= 0 else { throw .writing(path, errno: errno) }
    buffer.reserveCapacity(Self.bufferByteCount + (1 << 16))
  }

  deinit { close(descriptor) }

  /// Appends the bytes that `body` adds to the array.
  mutating func append(_ body: (inout [UInt8]) -> Void) throws(Failure) {
    body(&buffer)
    if buffer.count >= Self.bufferByteCount { try flush() }
  }

  /// Waits until everything is on the disk.
  consuming func finish() throws(Failure) {
    try flush()
    guard fsync(descriptor) == 0 else { throw .writing(path, errno: errno) }
  }

  private mutating func flush() throws(Failure) {
    let number = buffer.withUnsafeBytes { bytes -> Int32 in
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return errno }
        rest = rest.dropFirst(count)
      }
      return 0
    }
    guard number == 0 else { throw .writing(path, errno: number) }
    buffer.removeAll(keepingCapacity: true)
  }
}
