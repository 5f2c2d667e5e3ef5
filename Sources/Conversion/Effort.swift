/// How the matrices of an int8 bundle may be rounded, so that it reaches its bounds.
public enum Effort: Sendable, Equatable {
  /// To nearest.
  case nearest
  /// To nearest; if that misses a bound, calibrated.
  case automatic
  /// By the inputs that layers have on calibration images and texts.
  case calibrated
}

/// Calibrated rounding: by the inputs that layers have on these images and texts.
public struct Rounding: Sendable, Equatable {
  /// Name and digest of the images and texts.
  public var set: String
  public var images, texts: Int
  public var choosing: Duration
}
