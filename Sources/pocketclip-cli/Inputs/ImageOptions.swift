import Archives
import ArgumentParser
import Foundation
import ImageFiles
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

  @Flag(help: "Write no output if an image fails, instead of skipping the image.")
  var strict = false

  @Option(
    help: ArgumentHelp(
      "Reject larger images; a quarter of this if the file has less than one byte for 64 pixels.",
      valueName: "number"))
  var maxMegapixels = ImageFiles.Limits.defaultMegapixels

  var limits: ImageFiles.Limits { ImageFiles.Limits(megapixels: maxMegapixels) }

  func check() throws(Failure) {
    guard maxMegapixels > 0 else {
      throw Failure(
        .usage, "--max-megapixels \(maxMegapixels): expected a positive number",
        hint: "leave it out for \(ImageFiles.Limits.defaultMegapixels)")
    }
  }

  var isEmpty: Bool { paths.isEmpty && list == nil }

  /// Every image file; a folder is replaced by the images in it.
  ///
  /// - Throws: `data` if no image is found.
  func files(_ console: Console) throws(Failure) -> FoundImages {
    var found = FoundImages()
    guard !isEmpty else { return found }
    let named = try paths + (list.map(ListFile.paths) ?? []).filter { !$0.isEmpty }
    for path in named {
      guard (try? Folder.kind(of: path)) == .folder else {
        found.files.append(path)
        continue
      }
      var search = FolderSearch()
      search.visit(path, console)
      found.files += search.images
      found.unreadable += search.unreadable
      console.note("note: \(path): \(search.summary)")
    }
    guard !found.files.isEmpty else {
      throw found.unreadable.first?.failure
        ?? Failure(
          .data, "no images in \(named.isEmpty ? list ?? "" : named.joined(separator: ", "))",
          hint: "folders are searched for names that end in \(FolderSearch.extensions.listed("or"))")
    }
    return found
  }
}

/// The images that the arguments of a command lead to.
struct FoundImages {
  var files: [String] = []
  var unreadable: [UnreadableFolder] = []
}
