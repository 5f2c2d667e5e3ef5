internal import Architecture
internal import BundleFormat
internal import Quantization

/// How an int8 bundle stores its matrices.
struct StoragePlan: Sendable {
  /// The chosen values.
  var rounding = RoundingPlan.nearest
  /// Names the images and texts that chose them; empty for rounding to nearest.
  var calibration = ""
  /// Rounded to nearest, whatever was chosen.
  var nearest: Set<ParameterName> = []
  /// Stored in FP16.
  var halves: Set<ParameterName> = []
  /// Stored in int8, with inputs of 16 bits in `fast` too.
  var wideInputs: Set<ParameterName> = []

  /// Nil for parameters that no int8 bundle rounds.
  func form(of parameter: Parameter) -> MatrixForm? {
    guard parameter.hasForm else { return nil }
    let name = parameter.name
    if halves.contains(name) { return .half }
    let isWide = wideInputs.contains(name)
    return rounding.matrices[name] == nil || nearest.contains(name)
      ? (isWide ? .nearestWide : .nearest) : (isWide ? .calibratedWide : .calibrated)
  }

  /// Of each matrix of a tower, as a bundle states them.
  func forms(of tower: Tower, _ parameters: [Parameter]) -> [MatrixForm] {
    let forms = parameters.filter { $0.tower == tower }.compactMap(form)
    return forms.allSatisfy { $0 == .nearest } ? [] : forms
  }

  /// Without values and corrections of matrices that do not use them.
  func usedRounding(_ parameters: [Parameter]) -> RoundingPlan {
    var used = rounding
    for (index, parameter) in parameters.enumerated() {
      guard let form = form(of: parameter), !form.isCalibrated else { continue }
      used.matrices[parameter.name] = nil
      guard let bias = RoundingPlan.biasIndex(of: index, in: parameters) else { continue }
      used.corrections[parameters[bias].name] = nil
    }
    return used
  }

  /// Also stores these in FP16.
  mutating func keepHalves(_ names: Set<ParameterName>) {
    halves.formUnion(names)
    wideInputs.subtract(names)
  }

  /// `image: 3 of 50 matrices in FP16, 12 with 16-bit inputs; text: all 50 in int8`
  func summary(_ request: ConversionRequest) -> String {
    let matrices = request.matrices
    let towers = Tower.allCases.compactMap { tower -> String? in
      let all = matrices.filter { $0.tower == tower }
      guard !all.isEmpty else { return nil }
      let halved = all.count { halves.contains($0.name) }
      let widened = all.count { wideInputs.contains($0.name) }
      let parts =
        (halved > 0 ? ["\(halved) of \(all.count) matrices in FP16"] : ["all \(all.count) matrices in int8"])
        + (widened > 0 ? ["\(widened) with 16-bit inputs"] : [])
      return "\(tower): \(parts.joined(separator: ", "))"
    }
    return towers.joined(separator: "; ")
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
