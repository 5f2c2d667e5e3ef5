public import Architecture

/// To what size a picture is resized, and which square of that is kept.
public struct CropGeometry: Equatable, Sendable {
  public let resizedWidth: Int
  public let resizedHeight: Int
  public let left: Int
  public let top: Int

  /// torchvision's `Resize` and `CenterCrop`, whose rules OpenAI, open_clip and transformers share but for the
  /// rounding of the crop. Since both take one size, the resized picture is never smaller than the crop.
  ///
  /// Width and height are at least 1 and below 2³¹.
  public init(
    width: Int, height: Int, imageSize: Int, resize: Preprocessing.ResizeRule,
    crop: Preprocessing.CropRounding
  ) {
    switch resize {
    case .squash:
      resizedWidth = imageSize
      resizedHeight = imageSize
    case .shortest:
      // int(size * long / short), where truncating the quotient of doubles is the integer quotient.
      resizedWidth = width <= height ? imageSize : imageSize * width / height
      resizedHeight = width <= height ? imageSize * height / width : imageSize
    }
    left = Self.halfMargin(resizedWidth - imageSize, crop)
    top = Self.halfMargin(resizedHeight - imageSize, crop)
  }

  private static func halfMargin(_ margin: Int, _ rounding: Preprocessing.CropRounding) -> Int {
    let half = margin / 2
    return switch rounding {
    case .down: half
    case .halfToEven: margin % 2 == 1 && half % 2 == 1 ? half + 1 : half
    }
  }
}
