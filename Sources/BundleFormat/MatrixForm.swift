/// How a matrix of an int8 tower is stored, and how its inputs are rounded in `fast` arithmetic.
public enum MatrixForm: UInt8, Sendable, CaseIterable {
  /// int8, each weight rounded to nearest; inputs of 8 bits in `fast`.
  case nearest
  /// The same, with the inputs that `exact` has.
  case nearestWide
  /// int8, roundings chosen on calibration inputs; inputs of 8 bits in `fast`.
  case calibrated
  /// The same, with the inputs that `exact` has.
  case calibratedWide
  /// FP16; inputs are floats in both arithmetics.
  case half

  /// What the header states.
  public var letter: UInt8 {
    switch self {
    case .nearest: UInt8(ascii: "n")
    case .nearestWide: UInt8(ascii: "N")
    case .calibrated: UInt8(ascii: "c")
    case .calibratedWide: UInt8(ascii: "C")
    case .half: UInt8(ascii: "h")
    }
  }

  init?(letter: UInt8) {
    for form in MatrixForm.allCases where form.letter == letter {
      self = form
      return
    }
    return nil
  }

  public var precision: Precision {
    switch self {
    case .nearest, .nearestWide, .calibrated, .calibratedWide: .int8
    case .half: .fp16
    }
  }

  /// Whether inputs have 16 bits in `fast` arithmetic too.
  public var hasWideInputs: Bool {
    switch self {
    case .nearestWide, .calibratedWide: true
    case .nearest, .calibrated, .half: false
    }
  }

  public var isCalibrated: Bool {
    switch self {
    case .calibrated, .calibratedWide: true
    case .nearest, .nearestWide, .half: false
    }
  }

  /// Rows of a token table are looked up, not multiplied.
  public var fitsTable: Bool {
    switch self {
    case .nearest, .half: true
    case .nearestWide, .calibrated, .calibratedWide: false
    }
  }
}
