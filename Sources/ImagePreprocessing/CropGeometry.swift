public import Architecture

/// The size to which an image is resized, and the square that is kept.
public struct CropGeometry: Equatable, Sendable {
  public let resizedWidth: Int
  public let resizedHeight: Int
  public let left: Int
  public let top: Int

  /// torchvision's `Resize` and `CenterCrop`. OpenAI, open_clip and transformers share these rules, except for the
  /// rounding of the crop. The shorter edge is resized to the crop's size or more, so that the resized image is never
  /// smaller than the crop.
  ///
  /// Width and height are at least 1 and below 2³¹.
  public init(width: Int, height: Int, imageSize: Int, _ preprocessing: Preprocessing) {
    switch preprocessing.resize {
    case .squash:
      resizedWidth = imageSize
      resizedHeight = imageSize
    case .shortest:
      // int(size * long / short); truncating the quotient of doubles gives the integer quotient.
      let edge = max(preprocessing.resizeEdge ?? imageSize, imageSize)
      resizedWidth = width <= height ? edge : edge * width / height
      resizedHeight = width <= height ? edge * height / width : edge
    }
    left = Self.halfMargin(resizedWidth - imageSize, preprocessing.crop)
    top = Self.halfMargin(resizedHeight - imageSize, preprocessing.crop)
  }

  private static func halfMargin(_ margin: Int, _ rounding: Preprocessing.CropRounding) -> Int {
    let half = margin / 2
    return switch rounding {
    case .down: half
    case .halfToEven: margin % 2 == 1 && half % 2 == 1 ? half + 1 : half
    }
  }
}
