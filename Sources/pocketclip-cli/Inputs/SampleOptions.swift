import Archives
import ArgumentParser
import PocketCLIP

/// The user's images and labels on which models are compared.
struct SampleOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "An image, or a folder of images, to compare on. May be repeated.", valueName: "images"))
  var image: [String] = []

  @Option(
    name: .customLong("images"),
    help: ArgumentHelp("A file with one path of an image per line; - is standard input.", valueName: "file"))
  var list: String?

  @Option(
    help: ArgumentHelp(
      "A file with one label per line, to choose from instead of the built-in texts; - is standard input.",
      valueName: "file"))
  var labels: String?

  @Option(help: ArgumentHelp("A sentence with {} where the label goes.", valueName: "text"))
  var template: String?

  @OptionGroup var size: ImageLimitOptions

  var hasImages: Bool { !image.isEmpty || list != nil }

  /// Files that list images or labels.
  var listFiles: [String] { [list, labels].compactMap(\.self) }

  /// The options that were given.
  var given: [String] {
    [
      image.isEmpty ? nil : "--image", list == nil ? nil : "--images", labels == nil ? nil : "--labels",
      template == nil ? nil : "--template",
    ].compactMap(\.self)
  }

  func check() throws(Failure) {
    guard template == nil || labels != nil else {
      throw Failure(.usage, "--template needs --labels", hint: "add --labels FILE, or leave out --template")
    }
    try size.check()
    try StandardInput.requireOnce([("--images", list), ("--labels", labels)])
  }

  /// Nil if none are given.
  func images(_ console: Console) throws(Failure) -> FoundImages? {
    guard hasImages else { return nil }
    var other: String?
    do throws(ReadError) {
      for path in image {
        let kind = try Folder.kind(of: path)
        guard kind != .folder, kind != .file else { continue }
        other = path
      }
    } catch {
      throw Failure(describing: error)
    }
    if let other {
      throw Failure(
        .input, "\(other): neither a file nor a folder", hint: "save the image in a file and name that")
    }
    return try FoundImages(paths: image, list: list, console)
  }

  /// The sentences of the labels; nil if none are given.
  func texts(_ console: Console) throws(Failure) -> [String]? {
    guard let labels else {
      if hasImages { console.note("note: without --labels, images choose from the built-in texts") }
      return nil
    }
    try Arguments.requireUTF8([template].compactMap(\.self), "template")
    let templates = try PromptTemplates([template].compactMap(\.self))
    let words = try Words.refusingEmpty("label", listed: [], fromFile: ListFile.lines(of: labels), labels)
    for warning in Labels.warnings(words) { console.warn(warning) }
    return words.flatMap(templates.texts)
  }

  /// Refuses what a model cannot use.
  func requireUse(hasImages: Bool, hasTexts: Bool) throws(Failure) {
    if !hasImages, self.hasImages {
      throw Failure(
        .unsupported, "images are given, but there is no image tower to compare",
        hint: "leave out \(given.first ?? "--image")")
    }
    if !hasTexts, labels != nil {
      throw Failure(
        .unsupported, "--labels: there is no text tower with a tokenizer to compare",
        hint: "leave out --labels")
    }
  }
}
