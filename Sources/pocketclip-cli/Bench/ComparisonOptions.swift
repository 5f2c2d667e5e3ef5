import Archives
import ArgumentParser
import ImageFiles
import PocketCLIP

/// On what `bench --compare` compares, and what it looks for.
struct ComparisonOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What to reach: some of cos>=, agree>=, ms<= and mb<=. cos: the worst cosine. agree: images that choose the same label, lower end of the interval. ms: one image alone.",
      valueName: "conditions"))
  var target: String?

  @Option(
    help: ArgumentHelp(
      "An image, or a folder of images, to compare on instead of the built-in ones. May be repeated.",
      valueName: "images"))
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

  /// The options that were given.
  var given: [String] {
    [
      target == nil ? nil : "--target", image.isEmpty ? nil : "--image", list == nil ? nil : "--images",
      labels == nil ? nil : "--labels", template == nil ? nil : "--template",
    ].compactMap(\.self)
  }

  var limits: ImageFiles.Limits { ImageFiles.Limits() }

  func check() throws(Failure) {
    _ = try target.map { text throws(Failure) in try BenchTarget(text) }
    guard template == nil || labels != nil else {
      throw Failure(.usage, "--template needs --labels", hint: "add --labels FILE, or leave out --template")
    }
    try StandardInput.requireOnce([("--images", list), ("--labels", labels)])
  }

  /// Nil for the built-in ones.
  func images(_ console: Console) throws(Failure) -> FoundImages? {
    guard !image.isEmpty || list != nil else { return nil }
    do throws(ReadError) {
      for path in image { _ = try Folder.kind(of: path) }
    } catch {
      throw Failure(describing: error)
    }
    return try FoundImages(paths: image, list: list, console)
  }

  /// Nil for the built-in ones.
  func texts() throws(Failure) -> [String]? {
    guard let labels else { return nil }
    try Arguments.requireUTF8([template].compactMap(\.self), "template")
    let templates = try PromptTemplates([template].compactMap(\.self))
    return try Labels.read(listed: [], file: labels).flatMap(templates.texts)
  }

  /// Refuses what the compared bundles cannot use.
  func requireUse(of information: ModelInformation, _ target: BenchTarget?) throws(Failure) {
    let hasTexts = information.hasText && information.hasTokenizer
    if !information.hasImage, !image.isEmpty || list != nil {
      throw Failure(
        .unsupported, "images are given, but these bundles have no image tower", hint: "leave out the images")
    }
    if !hasTexts, labels != nil {
      throw Failure(
        .unsupported, "--labels: these bundles cannot embed texts", hint: "leave out --labels")
    }
    if target?.agreement != nil, !(hasTexts && information.hasImage) {
      throw Failure(
        .unsupported, "--target: agree needs images and texts, and these bundles do not have both",
        hint: "leave out agree")
    }
  }
}
