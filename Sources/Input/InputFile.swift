package import Foundation
internal import SystemPath

/// Reads all files of the command line that are not mapped: images, labels, templates, texts and lists.
///
/// Only regular files are opened. A descriptor of this process (standard input, `/dev/fd/63` of a shell's `<(…)`) can
/// also be a pipe or a terminal, and is read up to the limit.
package enum InputFile {
  /// The content of `path`; `-` is standard input.
  ///
  /// - Parameters:
  ///   - limit: the most bytes that a file may have.
  ///   - isWanted: called once with the first bytes. If it returns false, reading stops and the result is these
  ///     bytes.
  package static func bytes(
    of path: String, limit: Int, isWanted: (Data) -> Bool = { _ in true }
  ) throws(InputError) -> Data {
    let descriptor = try openedDescriptor(path)
    defer { close(descriptor) }
    return try InputBuffer.reading(descriptor, limit: limit, isWanted: isWanted)
  }

  private static func openedDescriptor(_ path: String) throws(InputError) -> Int32 {
    if let number = descriptorNumber(path) {
      let copy = dup(number)
      guard copy >= 0 else { throw InputError(errno: errno) }
      return copy
    }
    // Opening a device can have effects, and opening a pipe wakes its writer, so the kind is checked first.
    var status = stat()
    guard SystemPath.stat(path, &status) == 0 else { throw InputError(errno: errno) }
    // /dev/null is accepted as an empty list.
    if path != "/dev/null" { try requireRegular(status) }
    let descriptor = SystemPath.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard descriptor >= 0 else { throw InputError(errno: errno) }
    // The name can refer to another file by now.
    var opened = stat()
    guard fstat(descriptor, &opened) == 0, (opened.st_dev, opened.st_ino) == (status.st_dev, status.st_ino)
    else {
      close(descriptor)
      throw InputError(.failed, reason: "it was replaced while it was opened")
    }
    return descriptor
  }

  /// The descriptor of this process to which `path` refers.
  private static func descriptorNumber(_ path: String) -> Int32? {
    if path == "-" || path == "/dev/stdin" { return STDIN_FILENO }
    for folder in ["/dev/fd/", "/proc/self/fd/"] where path.hasPrefix(folder) {
      return Int32(path.dropFirst(folder.count))
    }
    return nil
  }

  private static func requireRegular(_ status: stat) throws(InputError) {
    switch status.st_mode & S_IFMT {
    case S_IFREG: return
    case S_IFDIR: throw InputError(.folder, reason: "that is a folder")
    case S_IFIFO: throw InputError(.notAFile, reason: "that is a pipe")
    case S_IFSOCK: throw InputError(.notAFile, reason: "that is a socket")
    default: throw InputError(.notAFile, reason: "that is a device")
    }
  }
}

extension InputError {
  package init(errno number: Int32) {
    switch number {
    case ENOENT, ENOTDIR: self.init(.missing, reason: "no such file")
    case EACCES, EPERM: self.init(.denied, reason: "permission denied")
    case EISDIR: self.init(.folder, reason: "that is a folder")
    default: self.init(.failed, reason: String(cString: strerror(number)))
    }
  }
}
