internal import Architecture

// Decoding: colour, transparency, orientation.
extension Mistake {
  static let colours: [Mistake] = [
    Mistake(
      "colour-bgr", .colour, "reads blue, green, red instead of red, green, blue (OpenCV's imread)"
    ) { $0.image?.color = .bgr },
    Mistake("colour-grey", .colour, "converts images to grey") { $0.image?.color = .grey },
    Mistake(
      "orientation-applied", .orientation, "applies the camera's rotation (EXIF), which the original ignores"
    ) { $0.image?.isUpright = true },
    Mistake(
      "alpha-white", .transparency, "puts transparent images on white",
      if: \.dropsAlpha
    ) { $0.image?.alpha = .white },
    Mistake("alpha-black", .transparency, "puts transparent images on black") { $0.image?.alpha = .black },
    Mistake(
      "alpha-dropped-first", .transparency,
      "converts to RGB before resizing, so that hidden colours of transparent pixels count",
      if: \.usesAlpha
    ) { $0.image?.alpha = .dropsFirst },
    Mistake(
      "alpha-dropped-last", .transparency,
      "resizes images in their stored mode and converts them to RGB after",
      if: \.convertsFirst
    ) { trial in
      trial.image?.preprocessing.conversion = .afterResize
      trial.image?.preprocessing.alpha = .drop
    },
    Mistake(
      "grey16-scaled", .colour, "scales 16-bit greys to 8 bits, which Pillow clips at 255"
    ) { $0.image?.scalesGrey16 = true },
  ]
}
