private import SystemPath

#if canImport(Glibc)
  private import Glibc
#else
  private import Darwin
#endif

/// Why the output cannot be created (exit status 73).
public struct OutputError: Error, Sendable, Equatable {
  public enum Code: Sendable, Equatable, CaseIterable {
    case exists
    case isFolder
    case folderExists
    /// A folder that contains a file that no export writes; `reason` names it.
    case folderHoldsOthers
    /// A hidden folder of an earlier run that contains a file that no export writes; `reason` names it.
    case leftoverHoldsOthers
    /// A symbolic link, which publishing would replace by a file.
    case isLink
    /// A device or a pipe, which publishing would replace.
    case notAFile
    /// The file that is being read.
    case isSource
    case folderMissing
    case folderNotWritable
    case readOnly
    case diskFull
    case beingWritten
    case failed
  }

  public var code: Code
  /// The path as given.
  public var path: String
  /// The system's error text, if it adds information.
  public var reason: String?

  public init(_ code: Code, path: String, reason: String? = nil) {
    self.code = code
    self.path = path
    self.reason = reason
  }

  /// From the C library's `errno`.
  package static func last(path: String) -> OutputError { OutputError(errno: errno, path: path) }

  /// From a value of the C library's `errno`.
  package init(errno number: Int32, path: String) {
    let code: Code =
      switch number {
      case ENOSPC, EDQUOT, EFBIG: .diskFull
      case EACCES, EPERM: .folderNotWritable
      case EROFS: .readOnly
      case ENOENT, ENOTDIR: .folderMissing
      case EEXIST: .exists
      case EISDIR: .isFolder
      default: .failed
      }
    self.init(code, path: path, reason: String(cString: strerror(number)))
  }
}

extension OutputError: CustomStringConvertible {
  /// One line: what is wrong, and where.
  public var description: String {
    let line =
      switch code {
      case .exists: "output \(path): a file of that name exists"
      case .isFolder: "output \(path): that is a folder"
      case .folderExists: "output \(path): a folder of that name exists, with files in it"
      case .folderHoldsOthers: "output \(path): the folder holds files that no export wrote"
      case .leftoverHoldsOthers: "output \(path): expected only the remains of an interrupted export"
      case .isLink: "output \(path): that is a symbolic link"
      case .notAFile: "output \(path): that is a device or a pipe"
      case .isSource: "output \(path): that is an input of this command, which would be lost"
      case .folderMissing: "output \(path): its folder does not exist"
      case .folderNotWritable: "output \(path): its folder is not writable"
      case .readOnly: "output \(path): its file system is read-only"
      case .diskFull: "output \(path): no space left"
      case .beingWritten: "output \(path): another process is writing it"
      case .failed: "output \(path): writing failed"
      }
    guard let reason, code.needsReason else { return line }
    return "\(line) (\(reason))"
  }

  /// What to do, one sentence.
  public var hint: String {
    switch code {
    case .exists: "give another name, or add --force to replace it"
    case .isFolder: "give the name of a file in it"
    case .folderExists: "give another name, or add --force to replace the folder of an earlier export"
    case .folderHoldsOthers: "give another name: --force replaces only earlier exports"
    case .leftoverHoldsOthers: "move it away: only the remains of an export are removed"
    case .isLink: "give the name that the link leads to, or remove the link"
    case .notAFile:
      "give the name of a file, which is written to a temporary one first and renamed when complete"
    case .isSource: "give another name"
    case .folderMissing: "create the folder first: mkdir -p \(folder.shellQuoted)"
    case .folderNotWritable: "choose a folder you may write to, or change its permissions"
    case .readOnly: "choose a folder on another file system"
    case .diskFull:
      "free some space, or choose a folder on another file system; raise a limit on the size of files (ulimit -f)"
    case .beingWritten: "wait for it to finish"
    case .failed: "check the disk or the network mount"
    }
  }
}

extension OutputError {
  private var folder: String {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    return parts.isEmpty ? "." : parts.joined(separator: "/")
  }
}

extension OutputError.Code {
  /// Whether the line needs the system's error text or a name.
  fileprivate var needsReason: Bool {
    switch self {
    case .failed, .diskFull, .folderHoldsOthers, .leftoverHoldsOthers: true
    case .exists, .isFolder, .folderExists, .isLink, .notAFile, .isSource, .folderMissing, .folderNotWritable,
      .readOnly, .beingWritten:
      false
    }
  }
}
