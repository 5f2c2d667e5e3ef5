internal import Architecture

/// `preprocessor_config.json` of transformers' `CLIPImageProcessor`.
struct PreprocessorConfig {
  var preprocessing: Preprocessing
  /// Pixels per side.
  var imageSize: Int

  var json: JSONText {
    let square: JSONText = ["height": .integer(imageSize), "width": .integer(imageSize)]
    let isSquashed = preprocessing.resize == .squash
    return [
      "image_processor_type": isFast ? "CLIPImageProcessorFast" : "CLIPImageProcessor",
      "use_fast": .bool(isFast),
      "do_resize": true,
      "size": isSquashed ? square : ["shortest_edge": .integer(preprocessing.resizeEdge ?? imageSize)],
      // As in Pillow's `Resampling`.
      "resample": preprocessing.interpolation == .bicubic ? 3 : 2,
      "do_center_crop": .bool(!isSquashed),
      "crop_size": square,
      "do_convert_rgb": true,
      "do_rescale": true,
      "rescale_factor": .double(1 / 255.0),
      "do_normalize": true,
      "image_mean": preprocessing.meanJSON,
      "image_std": preprocessing.deviationJSON,
    ]
  }

  private var isFast: Bool { preprocessing.backend != .pillow }

  /// What transformers does its own way.
  var notes: [String] {
    var notes: [String] = []
    if preprocessing.crop == .halfToEven || preprocessing.conversion == .afterResize {
      notes.append(
        "transformers rounds odd margins down and converts to RGB first: some pictures differ in their pixels"
      )
    }
    if !isFast {
      notes.append(
        "transformers 5 resizes with torchvision whatever the files say: AutoImageProcessor takes backend=\"pil\" "
          + "(use_fast=False before 5) for this model's pixels")
    }
    return notes
  }
}
