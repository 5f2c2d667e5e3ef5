public import Architecture
internal import BundleFormat
internal import Calibration
internal import PocketCLIP
internal import Sensitivity
internal import Verification

// What the ladder asks of a request.
extension ConversionRequest {
  var calibration: ProbeSet { calibrationSet ?? .calibration(for: architecture) }

  /// The matrices to write that an int8 bundle rounds, in the order of its tensors.
  public var matrixNames: [ParameterName] { matrices.map(\.name) }

  var matrices: [Parameter] { ParameterSchema(architecture).parameters.filter(\.hasForm) }

  /// Towers with a cosine below its bound; both if images choose other texts.
  func missedTowers(_ reports: [Report]) -> [Tower] {
    let disagrees = reports.contains { report in
      guard let agreement = report.agreement, let least = report.thresholds.agreement else { return false }
      return agreement.fraction < least
    }
    return Tower.allCases.filter { tower in
      disagrees
        || reports.contains { report in
          guard let metrics = report.tower(tower)?.metrics,
            let least = report.thresholds.bounds(tower)?.worstCosine
          else { return false }
          return !(metrics.worstCosine >= least)
        }
    }
  }

  /// 1 − the demanded cosine of each arithmetic; nil for a tower without bounds.
  func allowedErrors(_ tower: Tower) -> PrecisionChoice.Budget? {
    func allowed(_ arithmetic: Model.Arithmetic) -> Double? {
      let demand = fidelity?.demands.first { $0.arithmetic == arithmetic }
      return demand?.thresholds?.bounds(tower)?.worstCosine.map { max(0, 1 - $0) }
    }
    guard let exact = allowed(.exact), let fast = allowed(.fast) else { return nil }
    return PrecisionChoice.Budget(exact: exact, fast: fast)
  }

  /// - Throws: `tooLarge` if the bundle of this plan has more bytes than allowed.
  func checkSize(of plan: StoragePlan) throws(ConversionError) {
    guard let maximumByteCount else { return }
    var description = BundleDescription(self)
    description.state(plan)
    let byteCount = BundleLayout(description).byteCount
    guard byteCount <= maximumByteCount else {
      throw .tooLarge(byteCount, most: maximumByteCount, forms: plan.summary(self))
    }
  }
}
