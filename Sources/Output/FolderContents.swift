internal import Foundation

/// What lies in a folder of an export.
enum FolderContents {
  static func names(_ path: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? []
  }

  /// The first path below a folder with a part that is none of `names`, or nil.
  static func name(in path: String, notIn names: Set<String>) -> String? {
    let below = (try? FileManager.default.subpathsOfDirectory(atPath: path).sorted()) ?? []
    return below.first { name in
      !name.split(separator: "/").allSatisfy { names.contains(String($0)) }
    }
  }

  /// Removes what is called by one of `names`, links themselves and not what they lead to, and then the folder: which stays
  /// if anything else is in it, or appears meanwhile.
  static func remove(_ path: String, _ names: Set<String>) {
    for name in self.names(path) where names.contains(name) {
      let below = "\(path)/\(name)"
      if unlink(below) != 0, errno == EISDIR || errno == EPERM { remove(below, names) }
    }
    rmdir(path)
  }
}
