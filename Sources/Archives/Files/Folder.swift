private import SystemPath

#if canImport(Glibc)
  private import Glibc
#else
  private import Darwin
#endif

/// The kind of file that a path leads to, following links.
public enum PathKind: Sendable, Equatable {
  case file
  case folder
  case other(String)
}

/// Identifies the file that a path leads to. All links to a file have the same identity.
struct FileIdentity: Hashable, Sendable {
  private let device, number: UInt64

  /// Nil if the path leads to nothing.
  init?(path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    (device, number) = (UInt64(truncatingIfNeeded: status.st_dev), UInt64(truncatingIfNeeded: status.st_ino))
  }
}

/// Inspects paths without opening files.
public enum Folder {
  /// - Throws: `fileNotFound`, `permissionDenied` or `ioFailure`.
  public static func kind(of path: String) throws(ReadError) -> PathKind {
    var status = stat()
    guard SystemPath.stat(path, &status) == 0 else { throw ReadError.lastSystemError(path: path) }
    return switch status.st_mode & S_IFMT {
    case S_IFREG: .file
    case S_IFDIR: .folder
    default: .other(fileKind(mode: status.st_mode))
    }
  }

  /// Whether `path` leads to a regular file.
  public static func hasFile(_ path: String) -> Bool {
    (try? kind(of: path)) == .file
  }

  /// Whether `path` leads to a folder.
  public static func hasFolder(_ path: String) -> Bool {
    (try? kind(of: path)) == .folder
  }

  /// Names in a folder, sorted by their bytes, without `.` and `..`.
  public static func names(in path: String, limits: Limits) throws(ReadError) -> [String] {
    guard let names = SystemPath.names(in: path, limit: limits.folderEntries) else {
      throw ReadError.lastSystemError(path: path)
    }
    guard names.count <= limits.folderEntries else {
      throw ReadError(.limitExceeded, expected: "at most \(limits.folderEntries) files", file: path)
    }
    return names
  }

  /// The absolute path with every link resolved.
  public static func realPath(_ path: String) throws(ReadError) -> String {
    guard let resolved = SystemPath.realPath(path) else { throw ReadError.lastSystemError(path: path) }
    return resolved
  }

  /// Throws if the links of `path` lead out of `root`.
  ///
  /// - Throws: `linkLeavesFolder`, or errors from resolving either path.
  public static func requireInside(_ path: String, root: String) throws(ReadError) {
    let target = try realPath(path)
    let folder = try realPath(root)
    guard target == folder || target.utf8.starts(with: (folder == "/" ? "/" : folder + "/").utf8) else {
      throw ReadError(.linkLeavesFolder, expected: "a file inside \(folder)", found: target, file: path)
    }
  }

  /// `folder/name`.
  public static func join(_ folder: String, _ name: String) -> String {
    folder.utf8.last == UInt8(ascii: "/") ? folder + name : folder + "/" + name
  }

  /// The folder of a path, as written.
  public static func parent(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.utf8.startIndex ? "/" : String(path[..<slash])
  }

  /// The part after the last slash.
  public static func lastComponent(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
    return String(path[path.utf8.index(after: slash)...])
  }
}
