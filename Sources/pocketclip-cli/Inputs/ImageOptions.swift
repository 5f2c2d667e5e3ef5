import Archives
import ArgumentParser
import Foundation
import SystemPath

/// The images that a user names: files, folders (including their subfolders), a list of paths.
struct ImageOptions: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "JPEG, PNG or WebP files, or folders that contain them; - is one image on standard input.",
      valueName: "images"))
  var paths: [String] = []

  @Option(
    name: .customLong("images"),
    help: ArgumentHelp(
      "A file with one path per line, or NUL after each path as from find -print0; - is standard input.",
      valueName: "file"))
  var list: String?

  @Flag(help: "Apply the camera's rotation (EXIF), which the original code ignores.")
  var upright = false

  @Flag(
    help:
      "Decode large JPEGs at 1/2, 1/4 or 1/8 of their size: faster, but vectors change slightly (docs/RESIZING.md)."
  )
  var scaledJpeg = false

  @Flag(help: "Write no output if an image fails, instead of skipping the image.")
  var strict = false

  @OptionGroup var size: ImageLimitOptions

  var isEmpty: Bool { paths.isEmpty && list == nil }

  /// - Throws: `data` if no image is found.
  func files(_ console: Console) throws(Failure) -> FoundImages {
    try FoundImages(paths: paths, list: list, console)
  }
}

/// The images that the arguments of a command lead to.
struct FoundImages {
  private(set) var files: [String] = []
  private(set) var unreadable: [UnreadableFolder] = []

  /// Every image file; a folder is replaced by the images in it.
  ///
  /// - Parameter list: a file with more paths.
  /// - Throws: `data` if no image is found.
  init(paths: [String], list: String?, _ console: Console) throws(Failure) {
    guard !paths.isEmpty || list != nil else { return }
    let named = try paths + (list.map(ListFile.paths) ?? []).filter { !$0.isEmpty }
    for path in named {
      guard (try? Folder.kind(of: path)) == .folder else {
        files.append(path)
        continue
      }
      var search = FolderSearch()
      search.visit(path, console)
      files += search.images
      unreadable += search.unreadable
      console.note("note: \(path): \(search.summary)")
    }
    guard files.isEmpty else { return }
    throw unreadable.first?.failure
      ?? Failure(
        .data, "no images in \(named.isEmpty ? list ?? "" : named.joined(separator: ", "))",
        hint: "folders are searched for names that end in \(FolderSearch.extensions.listed("or"))")
  }
}
