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

  @Flag(help: "Publish nothing where an image fails, instead of skipping it.")
  var strict = false

  @Option(
    help: ArgumentHelp(
      "The most megapixels of an image; a quarter of it where the file has less than a byte for 64 pixels.",
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

  /// Every image file, folders replaced by what is in them.
  ///
  /// - Throws: `data` when nothing is found.
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

/// What the names of a command line lead to.
struct FoundImages {
  var files: [String] = []
  var unreadable: [UnreadableFolder] = []
}
