import ArgumentParser
import ImageFiles

/// How large an image may be.
struct ImageLimitOptions: ParsableArguments {
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
}
