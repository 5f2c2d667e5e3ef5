internal import Architecture

// The part of the image that becomes the square.
extension Mistake {
  static let cropping: [Mistake] = [
    Mistake(
      "crop-squash", .crop, "squashes the image to a square instead of cropping it",
      if: \.crops
    ) { $0.image?.preprocessing.resize = .squash },
    Mistake(
      "crop-instead-of-squash", .crop, "crops the centre instead of squashing the image",
      if: \.squashes
    ) { $0.image?.preprocessing.resize = .shortest },
    Mistake(
      "crop-rounding", .crop, "rounds the margin of the crop otherwise (int() for round(), or the reverse)",
      if: \.crops
    ) { trial in
      let isDown = trial.image?.preprocessing.crop == .down
      trial.image?.preprocessing.crop = isDown ? .halfToEven : .down
    },
    Mistake(
      "crop-before-resize", .crop, "crops a square before resizing instead of after"
    ) { $0.image?.framing = .cropsFirst },
    Mistake(
      "crop-larger-edge", .crop,
      "resizes the shorter edge to 8/7 of the size and crops more (ImageNet's 256 for 224)",
      if: \.cropsToEdge
    ) { trial in
      guard let size = trial.model.architecture.image?.imageSize else { return }
      trial.image?.preprocessing.resizeEdge = size * 8 / 7
    },
    Mistake(
      "crop-same-edge", .crop, "resizes the shorter edge to the crop's size and so crops less",
      if: \.cropsFromLargerEdge
    ) { $0.image?.preprocessing.resizeEdge = nil },
    Mistake("crop-corner", .crop, "keeps the top left instead of the centre") {
      $0.image?.framing = .corner
    },
    Mistake("crop-pad-black", .crop, "pads the image to a square with black instead of cropping it") {
      $0.image?.framing = .padded(0)
    },
    Mistake("crop-pad-white", .crop, "pads the image to a square with white instead of cropping it") {
      $0.image?.framing = .padded(255)
    },
    Mistake("crop-pad-grey", .crop, "pads the image to a square with grey instead of cropping it") {
      $0.image?.framing = .padded(128)
    },
    Mistake("crop-letterbox", .crop, "resizes the longer edge and fills the square with black") {
      $0.image?.framing = .letterbox
    },
  ]
}
