import ArgumentParser
import PocketCLIP

/// On what `bench --compare` compares, and what it looks for.
struct ComparisonOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What to reach: some of cos>=, agree>=, ms<= and mb<=. cos: the worst cosine. agree: images that choose the same label, lower end of the interval. ms: one image alone.",
      valueName: "conditions"))
  var target: String?

  @OptionGroup var sample: SampleOptions

  /// The options that were given.
  var given: [String] { (target == nil ? [] : ["--target"]) + sample.given }

  func check() throws(Failure) {
    _ = try target.map { text throws(Failure) in try BenchTarget(text) }
    try sample.check()
  }

  /// Refuses what the compared bundles cannot use, and what so few images cannot show.
  func requireUse(hasImages: Bool, hasTexts: Bool, imageCount: Int, _ target: BenchTarget?) throws(Failure) {
    try sample.requireUse(hasImages: hasImages, hasTexts: hasTexts)
    if target?.agreement != nil, !(hasTexts && hasImages) {
      throw Failure(
        .unsupported, "--target: agree needs images and texts, and these bundles do not have both",
        hint: "leave out agree")
    }
    try target?.requireSample(of: imageCount)
  }
}
