import Archives
import Foundation
import SystemPath

/// A folder that cannot be searched. It counts as a skipped item, like an image that cannot be read.
struct UnreadableFolder {
  let path: String
  let failure: Failure
}

/// Collects the images below a folder in the order of their names. Hidden files and links to folders are
/// skipped and counted.
struct FolderSearch {
  static let extensions = ["jpg", "jpeg", "png", "webp"]

  private(set) var images: [String] = []
  private(set) var unreadable: [UnreadableFolder] = []
  private var otherCount = 0
  private var hiddenCount = 0
  private var linkCount = 0

  /// `12 images; left out: 3 other files, 1 hidden name, 1 linked folder`.
  var summary: String {
    let left = [(otherCount, "other file"), (hiddenCount, "hidden name"), (linkCount, "linked folder")]
      .filter { $0.0 > 0 }.map(counted)
    return counted(images.count, "image")
      + (left.isEmpty ? "" : "; left out: " + left.joined(separator: ", "))
  }

  mutating func visit(_ folder: String, _ console: Console) {
    guard let names = SystemPath.names(in: folder) else {
      let failure = Failure(
        .input, "\(folder): the folder cannot be read", hint: "check the permissions of the folder")
      console.warn("skipped: \(failure.message)")
      unreadable.append(UnreadableFolder(path: folder, failure: failure))
      return
    }
    for name in names { take(name, in: folder, console) }
  }

  private mutating func take(_ name: String, in folder: String, _ console: Console) {
    guard !name.hasPrefix(".") else {
      hiddenCount += 1
      return
    }
    let path = Folder.join(folder, name)
    let kind = try? Folder.kind(of: path)
    if kind == .folder {
      if Self.isLink(path) { linkCount += 1 } else { visit(path, console) }
    } else if kind == nil || kind == .file,
      Self.extensions.contains(where: { name.lowercased().hasSuffix(".\($0)") })
    {
      images.append(path)
    } else {
      otherCount += 1
    }
  }

  private static func isLink(_ path: String) -> Bool {
    var status = Status()
    return SystemPath.lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }
}
