internal import Foundation
internal import SystemPath

/// What lies in a folder of an export.
enum FolderContents {
  static func names(_ path: String) -> [String] { SystemPath.names(in: path) ?? [] }

  /// The first path below a folder with a part that is none of `names`, or nil.
  static func name(in path: String, notIn names: Set<String>) -> String? {
    for name in self.names(path) {
      guard names.contains(name) else { return name }
      var status = Status()
      let below = "\(path)/\(name)"
      guard SystemPath.lstat(below, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { continue }
      if let other = self.name(in: below, notIn: names) { return "\(name)/\(other)" }
    }
    return nil
  }

  /// Removes what is called by one of `names`, links themselves and not what they lead to, and then the folder: which stays
  /// if anything else is in it, or appears meanwhile.
  static func remove(_ path: String, _ names: Set<String>) {
    for name in self.names(path) where names.contains(name) {
      let below = "\(path)/\(name)"
      if SystemPath.unlink(below) != 0, errno == EISDIR || errno == EPERM { remove(below, names) }
    }
    SystemPath.rmdir(path)
  }
}
