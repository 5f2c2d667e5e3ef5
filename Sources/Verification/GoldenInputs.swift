internal import Checkpoints
internal import ImageFiles
internal import TensorTypes

/// Input images of an original library, and the results of its preprocessing.
struct GoldenImages: Sendable {
  let images: [DecodedImage]
  /// 8-bit `[3, S, S]` of each image: resized, cropped and converted, not normalized.
  let levels: [[UInt8]]
  /// The same normalized, FP32.
  let pixels: [[Float]]
  /// The resize backend: `pillow` or `torchvision`.
  let backend: String
  /// The library's class and versions.
  let preprocessor: String
}

/// Input texts of an original tokenizer, and its ids.
struct GoldenTexts: Sendable {
  let strings: [String]
  let ids: [[Int32]]
  /// The library's class and version; nil in files that do not state it.
  let tokenizer: String?
}

extension GoldenReader {
  /// Nil if the file holds only prepared pixels.
  func images(_ pixels: [[Float]]?) throws(VerificationError) -> GoldenImages? {
    guard metadata["image.modes"] != nil else { return nil }
    let modes = try strings("image.modes")
    guard let pixels, pixels.count == modes.count else {
      throw problem("image.modes: expected one mode for each of image.pixels, found \(modes.count)")
    }
    var images: [DecodedImage] = []
    for (index, name) in modes.enumerated() { images.append(try image(index, mode: name)) }
    return GoldenImages(
      images: images, levels: try levels(count: modes.count, valueCount: pixels.first?.count ?? 0),
      pixels: pixels, backend: try text("image.backend"), preprocessor: try text("image.preprocessor"))
  }

  /// Nil if the file holds only ids.
  func texts(_ ids: [[Int32]]) throws(VerificationError) -> GoldenTexts? {
    guard metadata["text.strings"] != nil else { return nil }
    let strings = try strings("text.strings")
    guard strings.count == ids.count else {
      throw problem(
        "text.strings: expected one text for each of \(ids.count) rows of text.ids, found \(strings.count)")
    }
    return GoldenTexts(strings: strings, ids: ids, tokenizer: optionalText("text.tokenizer"))
  }

  private func image(_ index: Int, mode name: String) throws(VerificationError) -> DecodedImage {
    let key = "image.samples.\(index)"
    guard let mode = DecodedImage.Mode(rawValue: name), mode.isOfGoldens else {
      throw problem("image.modes: expected L, LA, RGB, RGBA or CMYK, found \(name)")
    }
    guard let tensor = tensors[key], tensor.dtype == .u8, tensor.shape.count == 3,
      tensor.shape[2] == mode.bytesPerPixel, tensor.elementCount > 0
    else {
      let found = tensors[key].map { "\($0.dtype.safetensorsName) \($0.shape)" } ?? "none"
      throw problem("\(key): expected U8 [height, width, \(mode.bytesPerPixel)], found \(found)")
    }
    return DecodedImage(
      mode: mode, width: tensor.shape[1], height: tensor.shape[0], samples: try bytes(tensor))
  }

  private func levels(count: Int, valueCount: Int) throws(VerificationError) -> [[UInt8]] {
    guard let tensor = tensors["image.levels"], tensor.dtype == .u8, tensor.shape.first == count,
      tensor.elementCount == count * valueCount
    else {
      throw problem("image.levels: expected U8 of the shape of image.pixels")
    }
    let values = try bytes(tensor)
    return (0..<count).map { Array(values[$0 * valueCount..<($0 + 1) * valueCount]) }
  }
}

extension DecodedImage.Mode {
  /// Modes with 8 bits per sample and without palette.
  fileprivate var isOfGoldens: Bool {
    switch self {
    case .grey, .greyAlpha, .rgb, .rgba, .cmyk: true
    case .palette, .bilevel, .grey16: false
    }
  }
}
