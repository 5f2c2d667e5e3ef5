internal import Foundation

/// What lies in a folder.
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

  static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }
}
