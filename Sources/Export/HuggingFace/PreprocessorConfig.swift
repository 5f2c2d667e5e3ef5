internal import Architecture

/// `preprocessor_config.json` of transformers' `CLIPImageProcessor`.
struct PreprocessorConfig {
  var preprocessing: Preprocessing
  /// Pixels per side.
  var imageSize: Int

  var json: JSONText { .object(settings + release) }

  private var settings: [(key: String, value: JSONText)] {
    let square: JSONText = ["height": .integer(imageSize), "width": .integer(imageSize)]
    let isSquashed = preprocessing.resize == .squash
    return [
      ("image_processor_type", isFast ? "CLIPImageProcessorFast" : "CLIPImageProcessor"),
      ("use_fast", .bool(isFast)),
      ("do_resize", true),
      ("size", isSquashed ? square : ["shortest_edge": .integer(preprocessing.resizeEdge ?? imageSize)]),
      // Like Pillow's `Resampling`.
      ("resample", preprocessing.interpolation == .bicubic ? 3 : 2),
      ("do_center_crop", .bool(!isSquashed)),
      ("crop_size", square),
      ("do_convert_rgb", true),
      ("do_rescale", true),
      ("rescale_factor", .double(1 / 255.0)),
      ("do_normalize", true),
      ("image_mean", preprocessing.meanJSON),
      ("image_std", preprocessing.deviationJSON),
    ]
  }

  /// No key states that images are composited on white, so the first release that does so is stated.
  private var release: [(key: String, value: JSONText)] {
    switch preprocessing.alpha {
    case .drop: []
    case .white: [("transformers_version", "5.21.0")]
    }
  }

  private var isFast: Bool { preprocessing.backend != .pillow }

  /// Notes on differences in transformers.
  var notes: [String] {
    var notes: [String] = []
    if preprocessing.crop == .halfToEven || preprocessing.conversion == .afterResize {
      notes.append(
        "transformers rounds odd margins down and converts to RGB first: some images differ in their pixels"
      )
    }
    if !isFast {
      notes.append(
        "transformers 5 resizes with torchvision regardless of the files: AutoImageProcessor takes backend=\"pil\" "
          + "(use_fast=False before 5) for this model's pixels")
    }
    switch preprocessing.alpha {
    case .drop:
      notes.append(
        "transformers 5.21 and later lay transparent images on white regardless of the files; this model drops their alpha"
      )
    case .white:
      notes.append(
        "transformers before 5.21 drops the alpha channel of images; this model lays them on white")
    }
    return notes
  }
}
