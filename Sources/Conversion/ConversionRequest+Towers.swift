public import Architecture
internal import BundleFormat
internal import BundleWriter
internal import Calibration
internal import PocketCLIP
internal import Sensitivity
internal import Verification

// What follows from a request for its attempts.
extension ConversionRequest {
  var calibration: ProbeSet { calibrationSet ?? .calibration(for: architecture) }

  /// The matrices to write that an int8 bundle rounds, in the order of its tensors.
  public var matrixNames: [ParameterName] { matrices.map(\.name) }

  var matrices: [Parameter] { ParameterSchema(architecture).parameters.filter(\.hasForm) }

  /// In each arithmetic in which a tower has a cosine below its bound: 1 − cos, as a multiple of what is allowed; 1 for both
  /// towers if images choose other texts.
  ///
  /// - Parameter reports: one per demand.
  func excess(_ reports: [Report]) -> [Tower: [Model.Arithmetic: Double]] {
    var excess: [Tower: [Model.Arithmetic: Double]] = [:]
    for (demand, report) in zip(fidelity?.demands ?? [], reports) {
      for tower in Tower.allCases { excess[tower, default: [:]][demand.arithmetic] = report.excess(tower) }
    }
    return excess.filter { !$0.value.isEmpty }
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

  /// Bytes that each matrix takes more in FP16 than in int8.
  var addedBytes: [ParameterName: Int] {
    let half = byteCounts(StoragePlan(halves: Set(matrices.map(\.name))))
    return half.merging(byteCounts(StoragePlan())) { $0 - $1 }
  }

  private func byteCounts(_ plan: StoragePlan) -> [ParameterName: Int] {
    var description = BundleDescription(self)
    description.state(plan)
    let parameters = ParameterSchema(description.architecture).parameters
    var counts: [ParameterName: Int] = [:]
    for tensor in BundleLayout(description).tensors {
      guard let parameter = tensor.parameter else { continue }
      counts[parameters[parameter].name, default: 0] += tensor.byteCount
    }
    return counts
  }

  /// - Throws: `tooLarge` if the bundle of this plan has more bytes than allowed.
  func checkSize(of plan: StoragePlan) throws(ConversionError) {
    guard let maximumByteCount else { return }
    let byteCount = try fileByteCount(plan)
    guard byteCount <= maximumByteCount else {
      throw .tooLarge(byteCount, most: maximumByteCount, forms: plan.summary(self))
    }
  }

  /// At most; a digest that is not known takes one byte instead of 64.
  private func fileByteCount(_ plan: StoragePlan) throws(ConversionError) -> Int {
    var description = BundleDescription(self)
    description.state(plan)
    (description.imageID, description.textID, description.provenance.sha256) = (.zero, .zero, .zero)
    let layout = BundleLayout(description)
    let zeros = [Digest](repeating: .zero, count: layout.tensors.count)
    do throws(BundleFault) {
      return try HeaderEncoder.encode(description, layout, digests: zeros).count + layout.byteCount
    } catch { throw .write(.description(error)) }
  }
}
