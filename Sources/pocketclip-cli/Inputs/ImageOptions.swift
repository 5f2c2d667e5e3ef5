import Archives
import ArgumentParser
import Foundation
import ImageFiles
import SystemPath

/// The images that a user names: files, folders with all that is below them, a list of paths.
struct ImageOptions: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "JPEG, PNG or WebP files, or folders to search for them; - is an image on standard input.",
      valueName: "images"))
  var paths: [String] = []

  @Option(
    name: .customLong("images"),
    help: ArgumentHelp(
      "A file with one image's path a line, or ended by NUL as from find -print0; - is standard input.",
      valueName: "file"))
  var list: String?

  @Flag(help: "Turn images as their camera rotation (EXIF) says, which the original code does not do.")
  var upright = false

  @Option(
    help: ArgumentHelp(
      "The most megapixels of an image; a quarter of it where the file has less than a byte for 64 pixels.",
      valueName: "number"))
  var maxMegapixels = ImageFiles.Limits.defaultMegapixels

  var limits: ImageFiles.Limits { ImageFiles.Limits(megapixels: maxMegapixels) }

  func validate() throws {
    guard maxMegapixels > 0 else {
      throw ValidationError("--max-megapixels \(maxMegapixels): expected a positive number")
    }
  }

  var isEmpty: Bool { paths.isEmpty && list == nil }

  /// Every image file, folders replaced by what is in them.
  ///
  /// - Throws: `badData` when nothing is found.
  func files(_ console: Console) throws(Failure) -> [String] {
    guard !isEmpty else { return [] }
    let named = try paths + (list.map(ListFile.paths) ?? []).filter { !$0.isEmpty }
    var files: [String] = []
    for path in named {
      guard (try? Folder.kind(of: path)) == .folder else {
        files.append(path)
        continue
      }
      var search = FolderSearch()
      search.visit(path, console)
      files += search.images
      console.note("note: \(path): \(search.summary)")
    }
    guard !files.isEmpty else {
      throw Failure(
        .badData, "no images in \(named.isEmpty ? list ?? "" : named.joined(separator: ", "))",
        hint: "folders are searched for names that end in \(FolderSearch.extensions.joined(separator: ", "))")
    }
    return files
  }
}

/// Collects the images below a folder in the order of their names. Hidden files and links to folders are passed over.
private struct FolderSearch {
  static let extensions = ["jpg", "jpeg", "png", "webp"]

  private(set) var images: [String] = []
  private var otherCount = 0

  var summary: String {
    "\(counted(images.count, "image"))"
      + (otherCount > 0 ? ", \(counted(otherCount, "other file")) left out" : "")
  }

  mutating func visit(_ folder: String, _ console: Console) {
    guard let names = SystemPath.names(in: folder) else {
      console.warn("skipped: \(folder): the folder cannot be read")
      return
    }
    for name in names where !name.hasPrefix(".") {
      let path = Folder.join(folder, name)
      let kind = try? Folder.kind(of: path)
      if kind == .folder {
        var status = Status()
        let isLink = SystemPath.lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
        if !isLink { visit(path, console) }
      } else if kind == nil || kind == .file,
        Self.extensions.contains(where: { name.lowercased().hasSuffix(".\($0)") })
      {
        images.append(path)
      } else {
        otherCount += 1
      }
    }
  }
}
