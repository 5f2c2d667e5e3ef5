public import Architecture
public import Verification

extension ProbeSet {
  /// The built-in images and texts that choose roundings: generated or written for this, and disjoint from
  /// `ProbeSet.standard`, which measures the result. Large towers get fewer images.
  public static func calibration(for architecture: CLIPArchitecture) -> ProbeSet {
    let count = architecture.image.map { min(Calibration.mostImages(of: $0), CalibrationImages.count) } ?? 0
    return ProbeSet(
      name: "calibration-1", images: CalibrationImages.first(count),
      texts: architecture.text == nil ? [] : CalibrationTexts.all)
  }
}
