public import Architecture
public import BundleFormat
internal import PocketCLIP
public import Verification

/// The fidelity to FP32 that a bundle must reach before it is published.
public struct FidelityPolicy: Sendable, Equatable {
  /// One comparison per arithmetic that the bundle can be run with.
  public var demands: [Demand]

  /// The defaults of docs/fidelity.md, overridden by the user's values.
  ///
  /// - Parameters:
  ///   - minimumCosine: lowest cosine of each tower, with every arithmetic.
  ///   - minimumAgreement: smallest fraction of images that choose the same text as with FP32.
  public init(
    precision: Precision, architecture: CLIPArchitecture, minimumCosine: Double?, minimumAgreement: Double?
  ) {
    demands = []
    for arithmetic in precision == .int8 ? [Model.Arithmetic.fast, .exact] : [.fast] {
      var thresholds = Thresholds.standard(precision, arithmetic, architecture)
      if let minimumCosine {
        let bounds = Thresholds.Bounds(worstCosine: minimumCosine)
        thresholds.name += ", as given"
        thresholds.image = bounds
        thresholds.text = bounds
      }
      if let minimumAgreement { thresholds.agreement = minimumAgreement }
      demands.append(Demand(arithmetic: arithmetic, thresholds: thresholds))
    }
  }

  /// Whether every demanded cosine is below this one.
  public func isBelow(_ cosine: Double) -> Bool {
    demands.allSatisfy { demand in
      Tower.allCases.allSatisfy { (demand.thresholds?.bounds($0)?.worstCosine ?? 0) < cosine }
    }
  }

  /// Whether figures measured under other bounds meet these.
  ///
  /// - Parameter reports: one per demand.
  public func isMet(by reports: [Report]) -> Bool {
    reports.count == demands.count
      && zip(demands, reports).allSatisfy { demand, report in
        var report = report
        if let thresholds = demand.thresholds { report.thresholds = thresholds }
        return Tower.allCases.allSatisfy { report.excess($0) == nil }
      }
  }

  /// In the form that the bundle records.
  func recorded(_ architecture: CLIPArchitecture, probes: String) -> FidelityDemand {
    var recorded = FidelityDemand()
    recorded.probes = Array(probes.utf8)
    for demand in demands {
      let image = architecture.image == nil ? nil : demand.thresholds?.image?.millionths
      let text = architecture.text == nil ? nil : demand.thresholds?.text?.millionths
      switch demand.arithmetic {
      case .fast: (recorded.imageFast, recorded.textFast) = (image, text)
      case .exact: (recorded.imageExact, recorded.textExact) = (image, text)
      case .bf16: break  // Not part of the bundle's guarantee: FP16 bundles are converted without it.
      }
    }
    recorded.agreement = demands.first?.thresholds?.agreement.map { Int(($0 * 1e6).rounded()) }
    return recorded
  }
}

extension Thresholds.Bounds {
  /// Rounded down: the bundle never records more than was demanded.
  fileprivate var millionths: Int? {
    worstCosine.map { cosine in
      let nearest = Int((cosine * 1e6).rounded())
      return Double(nearest) / 1e6 > cosine ? nearest - 1 : nearest
    }
  }
}

extension Thresholds {
  static func standard(
    _ precision: Precision, _ arithmetic: Model.Arithmetic, _ architecture: CLIPArchitecture
  ) -> Thresholds {
    var description = BundleDescription()
    description.architecture = architecture
    description.imagePrecision = precision
    description.textPrecision = precision
    return standard(for: description, arithmetic)
  }
}
