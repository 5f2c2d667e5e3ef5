/// How far an int8 conversion may go to reach its bounds.
public enum Effort: Sendable, Equatable, CaseIterable {
  /// Weights to nearest.
  case nearest
  /// Roundings by the inputs that layers have on calibration images and texts.
  case calibrated
  /// Calibrated roundings, and a wider form for the matrices that need it.
  case mixed
  /// Each of these in turn, until the bounds hold.
  case automatic

  /// In the order in which they are tried.
  var rungs: [Rung] {
    switch self {
    case .nearest: [.nearest]
    case .calibrated: [.calibrated]
    case .mixed: [.mixed]
    case .automatic: [.nearest, .calibrated, .mixed]
    }
  }
}

/// How an int8 bundle may be stored, from the smallest and fastest on.
public enum Rung: Sendable, Equatable {
  case nearest
  case calibrated
  /// Forms by sensitivity. Each time a tower misses a bound, it is tried again with a smaller budget of errors.
  case mixed
  /// As a recipe states.
  case recipe
}

/// Calibrated rounding: by the inputs that layers have on these images and texts.
public struct Rounding: Sendable, Equatable {
  /// Name and digest of the images and texts.
  public var set: String
  public var images, texts: Int
  public var choosing: Duration
}
