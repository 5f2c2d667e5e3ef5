public import Architecture
public import Verification

extension ProbeSet {
  /// The built-in images and texts that choose roundings: generated or written for this, and disjoint from
  /// `ProbeSet.standard`, which measures the result. Large towers get fewer images.
  public static func calibration(for architecture: CLIPArchitecture) -> ProbeSet {
    let count = architecture.image.map { min(Calibration.mostImages(of: $0), CalibrationImages.count) } ?? 0
    return ProbeSet(
      name: "calibration-1", images: CalibrationImages.numbered(0..<count),
      texts: architecture.text == nil ? [] : CalibrationTexts.all)
  }

  /// Other images and texts of the same kinds. What rounding costs is measured on these: on the items that choose the
  /// roundings, their errors are smaller than on others.
  public static func sensitivity(for architecture: CLIPArchitecture) -> ProbeSet {
    let count = CalibrationImages.count
    return ProbeSet(
      name: "sensitivity-1",
      images: architecture.image == nil ? [] : CalibrationImages.numbered(count..<2 * count),
      texts: architecture.text == nil ? [] : SensitivityTexts.all)
  }
}
