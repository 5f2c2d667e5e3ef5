internal import Architecture
internal import ImageFiles
internal import ImagePreprocessing

/// Computes the image tower's input as an `ImageRecipe` says. With the model's own settings, the bytes before
/// normalizing are the original library's.
struct ImagePreparation {
  let recipe: ImageRecipe
  /// Pixels along each side of the square: S.
  let imageSize: Int

  /// → `[3, S, S]`
  func callAsFunction(_ decoded: DecodedImage) throws(ImageFault) -> [Float] {
    let levels = try levels(of: recipe.isUpright ? decoded.upright() : decoded)
    return recipe.layout.arranged(planes(levels), imageSize: imageSize)
  }

  /// 8-bit levels as floats, `[S, S, 3]`.
  private func levels(of image: DecodedImage) throws(ImageFault) -> [Float] {
    let rgb = recipe.color.applied(to: try converted(image))
    switch recipe.framing {
    case .ofPreprocessing: return try resized(rgb)
    case .cropsFirst: return try resized(rgb.centreSquare())
    case .padded(let level): return try resized(rgb.padded(with: level))
    case .corner: return windowed(rgb, isCentred: false)
    case .letterbox: return letterbox(rgb)
    }
  }

  /// RGB from which the preprocessor computes the original's levels, or the complete image for another filter.
  private func converted(_ decoded: DecodedImage) throws(ImageFault) -> RGBImage {
    var image = decoded
    if recipe.scalesGrey16, image.mode == .grey16 { image = image.withHighBytes() }
    var preprocessing = recipe.preprocessing
    switch recipe.alpha {
    case .ofPreprocessing: break
    case .white: preprocessing.alpha = .white
    case .black: return image.onBlack()
    case .dropsFirst: return image.rgb()
    }
    let isExact = recipe.filter == nil && recipe.framing == .ofPreprocessing
    if !isExact { preprocessing.conversion = .beforeResize }
    return try image.prepared(for: preprocessing, imageSize: imageSize)
  }

  /// Resized and cropped: `[S, S, 3]`.
  private func resized(_ image: RGBImage) throws(ImageFault) -> [Float] {
    guard recipe.filter == nil else { return windowed(image, isCentred: true) }
    let preprocessor = ImagePreprocessor(recipe.preprocessing, imageSize: imageSize)
    var scratch = ImagePreprocessor.Scratch(
      maximumWidth: image.width, maximumHeight: image.height, imageSize: imageSize,
      backend: recipe.preprocessing.backend)
    var square = [UInt8](repeating: 0, count: 3 * imageSize * imageSize)
    var span = square.mutableSpan
    let view = try ImageView(image.pixels.span, width: image.width, height: image.height)
    try preprocessor.crop(view, into: &span, scratch: &scratch)
    return square.map(Float.init)
  }

  private var filter: ResizeFilter { recipe.filter ?? .of(recipe.preprocessing) }

  private func windowed(_ image: RGBImage, isCentred: Bool) -> [Float] {
    let geometry = CropGeometry(
      width: image.width, height: image.height, imageSize: imageSize, recipe.preprocessing)
    let (left, top) = isCentred ? (geometry.left, geometry.top) : (0, 0)
    return Resampler(filter: filter, width: geometry.resizedWidth, height: geometry.resizedHeight)(
      image, columns: left..<left + imageSize, rows: top..<top + imageSize)
  }

  private func letterbox(_ image: RGBImage) -> [Float] {
    let longer = max(image.width, image.height)
    let width = max(1, (image.width * imageSize + longer / 2) / longer)
    let height = max(1, (image.height * imageSize + longer / 2) / longer)
    let inner = Resampler(filter: filter, width: width, height: height)(
      image, columns: 0..<width, rows: 0..<height)
    let (left, top) = ((imageSize - width) / 2, (imageSize - height) / 2)
    var square = [Float](repeating: 0, count: 3 * imageSize * imageSize)
    for y in 0..<height {
      let start = 3 * ((top + y) * imageSize + left)
      square.replaceSubrange(start..<start + 3 * width, with: inner[3 * y * width..<3 * (y + 1) * width])
    }
    return square
  }

  /// `[S, S, 3]` → `[3, S, S]`, normalized.
  private func planes(_ levels: [Float]) -> [Float] {
    let scaling = recipe.scaling
    let pixelCount = imageSize * imageSize
    var planes = [Float](repeating: 0, count: 3 * pixelCount)
    for (channel, (mean, deviation)) in scaling.channels.enumerated() {
      for pixel in 0..<pixelCount {
        planes[channel * pixelCount + pixel] =
          (levels[3 * pixel + channel] / scaling.divisor - mean) / deviation
      }
    }
    return planes
  }
}

extension ResizeFilter {
  /// The filter that a preprocessing states.
  static func of(_ preprocessing: Preprocessing) -> ResizeFilter {
    switch preprocessing.interpolation {
    case .bicubic: ResizeFilter(kernel: .cubic(a: -0.5))
    case .bilinear: ResizeFilter(kernel: .triangle)
    }
  }
}

extension ImageRecipe.Layout {
  /// Planes `[3, S, S]` in another order.
  func arranged(_ planes: [Float], imageSize: Int) -> [Float] {
    let pixelCount = imageSize * imageSize
    func moved(_ source: (_ y: Int, _ x: Int) -> Int) -> [Float] {
      (0..<3).flatMap { channel in
        (0..<pixelCount).map { planes[channel * pixelCount + source($0 / imageSize, $0 % imageSize)] }
      }
    }
    switch self {
    case .planes: return planes
    case .interleaved: return (0..<3 * pixelCount).map { planes[$0 % 3 * pixelCount + $0 / 3] }
    case .transposed: return moved { y, x in x * imageSize + y }
    case .upsideDown: return moved { y, x in (imageSize - 1 - y) * imageSize + x }
    case .mirrored: return moved { y, x in y * imageSize + imageSize - 1 - x }
    case .reversedPlanes:
      return (0..<3).flatMap { planes[(2 - $0) * pixelCount..<(3 - $0) * pixelCount] }
    }
  }
}
