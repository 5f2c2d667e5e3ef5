internal import Architecture
internal import BundleFormat
internal import Quantization

/// How an int8 bundle stores its matrices.
struct StoragePlan: Sendable {
  /// The chosen values; a matrix without an entry is rounded to nearest.
  var rounding = RoundingPlan.nearest
  /// Names the images and texts that chose them; empty for rounding to nearest.
  var calibration = ""
  /// Stored in FP16.
  var halves: Set<ParameterName> = []
  /// Stored in int8, with inputs of 16 bits in `fast` too.
  var wideInputs: Set<ParameterName> = []

  /// Nil for parameters that no int8 bundle rounds.
  func form(of parameter: Parameter) -> MatrixForm? {
    switch parameter.role {
    case .linear, .projection, .convolution, .tokenTable: break
    case .positions, .vector, .batchNorm, .logitScale, .logitBias: return nil
    }
    if halves.contains(parameter.name) { return .half }
    let isWide = wideInputs.contains(parameter.name)
    return rounding.matrices[parameter.name] == nil
      ? (isWide ? .nearestWide : .nearest) : (isWide ? .calibratedWide : .calibrated)
  }

  /// Of each matrix of a tower, as a bundle states them.
  func forms(of tower: Tower, _ parameters: [Parameter]) -> [MatrixForm] {
    let forms = parameters.filter { $0.tower == tower }.compactMap(form)
    return forms.allSatisfy { $0 == .nearest } ? [] : forms
  }

  /// Without values and corrections of matrices that are stored in FP16.
  func int8Rounding(_ parameters: [Parameter]) -> RoundingPlan {
    var kept = rounding
    for (index, parameter) in parameters.enumerated() where halves.contains(parameter.name) {
      kept.matrices[parameter.name] = nil
      if let bias = RoundingPlan.biasIndex(of: index, in: parameters) {
        kept.corrections[parameters[bias].name] = nil
      }
    }
    return kept
  }
}

extension BundleDescription {
  /// States the forms of the matrices of both towers.
  mutating func state(_ plan: StoragePlan) {
    guard imagePrecision == .int8 || textPrecision == .int8 else { return }
    let parameters = ParameterSchema(architecture).parameters
    imageForms = plan.forms(of: .image, parameters)
    textForms = plan.forms(of: .text, parameters)
    let isCalibrated = (imageForms + textForms).contains(where: \.isCalibrated)
    provenance.calibration = isCalibrated ? Array(plan.calibration.utf8) : []
  }
}
