internal import Architecture

// Resize filters and their arithmetic.
extension Mistake {
  static let resizing: [Mistake] = [
    Mistake(
      "resize-bilinear", .resize, "resizes with a bilinear filter, antialiased (Pillow's BILINEAR)",
      if: \.isBicubic
    ) { $0.image?.preprocessing.interpolation = .bilinear },
    Mistake(
      "resize-bicubic", .resize, "resizes with a bicubic filter, antialiased (Pillow's BICUBIC)",
      if: \.isBilinear
    ) { $0.image?.preprocessing.interpolation = .bicubic },
    filtered(
      "resize-bilinear-no-antialias",
      "resizes bilinearly without antialiasing (OpenCV's INTER_LINEAR, PyTorch's interpolate)",
      ResizeFilter(kernel: .triangle, isAntialiased: false, rounding: .once)),
    filtered(
      "resize-bicubic-no-antialias",
      "resizes bicubically without antialiasing (OpenCV's INTER_CUBIC, PyTorch's interpolate)",
      ResizeFilter(kernel: .cubic(a: -0.75), isAntialiased: false, rounding: .once)),
    filtered(
      "resize-catmull-rom-no-antialias", "resizes with a 4-tap Catmull-Rom filter without antialiasing",
      ResizeFilter(kernel: .cubic(a: -0.5), isAntialiased: false, rounding: .once)),
    filtered(
      "resize-bilinear-aligned-corners", "resizes bilinearly with aligned corners (align_corners=True)",
      ResizeFilter(
        kernel: .triangle, isAntialiased: false, coordinates: .alignedCorners, rounding: .once)),
    filtered(
      "resize-bilinear-asymmetric", "resizes bilinearly without half-pixel centres (TensorFlow 1)",
      ResizeFilter(kernel: .triangle, isAntialiased: false, coordinates: .asymmetric, rounding: .once)),
    filtered(
      "resize-nearest", "resizes to the nearest pixel (Pillow's NEAREST)", ResizeFilter(kernel: .nearest)),
    filtered(
      "resize-nearest-corner", "resizes to the nearest pixel by corners (OpenCV's INTER_NEAREST, PyTorch)",
      ResizeFilter(kernel: .nearestAtCorner)),
    filtered("resize-box", "resizes with a box filter (Pillow's BOX)", ResizeFilter(kernel: .box)),
    filtered(
      "resize-area", "resizes by area (OpenCV's INTER_AREA)",
      ResizeFilter(kernel: .area, rounding: .once)),
    filtered("resize-hamming", "resizes with Pillow's HAMMING filter", ResizeFilter(kernel: .hamming)),
    filtered("resize-lanczos", "resizes with a Lanczos filter", ResizeFilter(kernel: .lanczos)),
    Mistake(
      "resize-float", .resize, "resizes in floating point, without rounding to 8 bits"
    ) { trial in
      guard let preprocessing = trial.image?.preprocessing else { return }
      trial.image?.filter = .of(preprocessing)
      trial.image?.filter?.rounding = .never
    },
    Mistake(
      "resize-torchvision", .resize,
      "resizes with torchvision instead of Pillow (transformers' fast processors)",
      if: \.usesPillow
    ) { $0.image?.preprocessing.backend = .torchvision },
    Mistake(
      "resize-pillow", .resize, "resizes with Pillow instead of torchvision",
      if: \.usesTorchvision
    ) { $0.image?.preprocessing.backend = .pillow },
  ]

  private static func filtered(_ id: String, _ words: String, _ filter: ResizeFilter) -> Mistake {
    Mistake(id, .resize, words) { $0.image?.filter = filter }
  }
}
