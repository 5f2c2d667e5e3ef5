internal import Architecture
internal import ImagePreprocessing

/// What happens to a strip before it is resampled, as `DecodedImage.prepared` does it with a complete image.
enum StripConversion: Sendable {
  /// Each stored channel is resampled separately.
  case none
  case rgb, onWhite, premultiplied
  /// Not resampled: single samples are chosen.
  case nearest

  /// - Parameter image: without samples.
  /// - Returns: nil if the complete image is needed.
  init?(_ image: DecodedImage, _ window: CropWindow, _ preprocessing: Preprocessing) {
    // For RGB and grey, the order of resizing and conversion does not matter.
    let isPlain = image.mode == .rgb || image.mode == .grey
    guard preprocessing.alpha == .drop else {
      self = isPlain && image.transparency == nil ? .none : .onWhite
      return
    }
    guard preprocessing.conversion == .afterResize, !window.keepsSize else {
      self = isPlain ? .none : .rgb
      return
    }
    switch image.mode {
    case .rgb, .grey, .cmyk: self = .none
    case .palette, .bilevel: self = .nearest
    case .rgba, .greyAlpha: self = .premultiplied
    case .grey16: return nil
    }
  }

  var isNearest: Bool {
    switch self {
    case .nearest: true
    case .none, .rgb, .onWhite, .premultiplied: false
    }
  }

  /// Channels that are resampled.
  func channelCount(_ mode: DecodedImage.Mode) -> Int {
    switch self {
    case .none, .premultiplied, .nearest: mode.bytesPerPixel
    case .rgb, .onWhite: 3
    }
  }
}

/// The square of an image that arrives in strips.
protocol StripSquare: ~Copyable {
  /// Adds a strip that has at least one row of the window.
  mutating func append(_ strip: DecodedImage, rows: Range<Int>) throws(ImageFault)
  /// Passes over a strip without such rows.
  mutating func skip(_ rows: Range<Int>)
  /// The complete square, with the other properties of `image`.
  consuming func finish(like image: DecodedImage) -> DecodedImage
}

/// Strips that are converted and resampled.
struct ResampledStrips: StripSquare, ~Copyable {
  private let conversion: StripConversion
  private var stream: CropStream

  init(
    _ window: CropWindow, _ conversion: StripConversion, _ mode: DecodedImage.Mode, columns: Range<Int>,
    _ target: ImageTarget
  ) {
    self.conversion = conversion
    stream = CropStream(
      window, imageSize: target.imageSize, channelCount: conversion.channelCount(mode), columns: columns,
      kernels: target.kernels)
  }

  mutating func append(_ strip: DecodedImage, rows: Range<Int>) throws(ImageFault) {
    switch conversion {
    case .none, .nearest: try append(strip.samples, of: strip)
    case .rgb: try append(strip.rgb().pixels, of: strip)
    case .onWhite: try append(strip.onWhite().pixels, of: strip)
    case .premultiplied: try append(strip.premultiplied().samples, of: strip)
    }
  }

  private mutating func append(_ samples: [UInt8], of strip: DecodedImage) throws(ImageFault) {
    let rows = try ImageView(
      samples.span, width: strip.width, height: strip.height, channelCount: stream.channelCount)
    try stream.append(rows)
  }

  mutating func skip(_ rows: Range<Int>) { stream.skip(rows.count) }

  consuming func finish(like image: DecodedImage) -> DecodedImage {
    let imageSize = stream.imageSize
    let square = image.replacingSamples(stream.finish(), imageSize: imageSize)
    switch conversion {
    case .none, .nearest: return square
    case .premultiplied: return square.unpremultiplied()
    case .rgb, .onWhite:
      return DecodedImage(mode: .rgb, width: imageSize, height: imageSize, samples: square.samples)
    }
  }
}

/// Strips from which samples are chosen.
struct ChosenStrips: StripSquare {
  private let imageSize: Int
  private let columns: [Int]
  private var rows: ArraySlice<Int>
  private var samples: [UInt8] = []

  init(_ window: CropWindow, _ target: ImageTarget) {
    imageSize = target.imageSize
    let geometry = CropGeometry(
      width: window.width, height: window.height, imageSize: imageSize, target.preprocessing)
    columns = geometry.nearestColumns(width: window.width, imageSize: imageSize)
    rows = geometry.nearestRows(height: window.height, imageSize: imageSize)[...]
  }

  mutating func append(_ strip: DecodedImage, rows given: Range<Int>) {
    while let row = rows.first, row < given.upperBound {
      rows.removeFirst()
      let start = (row - given.lowerBound) * strip.width
      for column in columns { samples.append(strip.samples[start + column]) }
    }
  }

  mutating func skip(_ rows: Range<Int>) {}

  consuming func finish(like image: DecodedImage) -> DecodedImage {
    image.replacingSamples(samples, imageSize: imageSize)
  }
}
