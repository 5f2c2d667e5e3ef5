public import Architecture
internal import CKernels

/// The part of an image on which a prepared square depends, and how it is resampled.
public struct CropWindow: Sendable {
  /// Of the image, in pixels.
  public let width: Int
  public let height: Int
  /// Columns and rows that at least one output sums.
  public let columns: Range<Int>
  public let rows: Range<Int>
  let geometry: CropGeometry
  let horizontal: pk_resize_axis
  let vertical: pk_resize_axis
  /// Whether weights have Pillow's number of bits.
  let isPillow: Bool
  let isVerticalFirst: Bool

  /// - Precondition: width and height are at least 1 and below 2³¹.
  public init(width: Int, height: Int, imageSize: Int, _ preprocessing: Preprocessing) {
    self.width = width
    self.height = height
    geometry = CropGeometry(width: width, height: height, imageSize: imageSize, preprocessing)
    horizontal = pk_resize_axis(from: width, to: geometry.resizedWidth, preprocessing.interpolation)
    vertical = pk_resize_axis(from: height, to: geometry.resizedHeight, preprocessing.interpolation)
    isPillow = preprocessing.backend == .pillow
    isVerticalFirst =
      isPillow && !vertical.isIdentity && ImagePreprocessor.isVerticalFirst(horizontal, vertical)
    columns = horizontal.inputs(of: geometry.left..<geometry.left + imageSize)
    rows = vertical.inputs(of: geometry.top..<geometry.top + imageSize)
  }

  /// Whether resizing changes neither width nor height.
  public var keepsSize: Bool { horizontal.isIdentity && vertical.isIdentity }
}

extension pk_resize_axis {
  /// The inputs that a non-empty run of outputs sums.
  fileprivate func inputs(of outputs: Range<Int>) -> Range<Int> {
    guard !isIdentity else { return outputs }
    let last = pk_resize_taps_of(self, outputs.upperBound - 1)
    return pk_resize_taps_of(self, outputs.lowerBound).first..<last.first + last.count
  }
}
