public import Architecture
public import BundleFormat
public import PocketCLIP

/// The bounds that a comparison must reach. They have names and are printed with every report; docs/fidelity.md
/// explains the defaults.
public struct Thresholds: Sendable, Equatable, Codable {
  /// As printed: `fp32`, `fp16`, `bf16`, `int8 fast`, `int8 exact`, `given`.
  public var name: String
  public var image: Bounds?
  public var text: Bounds?
  /// The smallest fraction of images that must choose the same text; nil only reports it.
  public var agreement: Double?

  public init(name: String, image: Bounds?, text: Bounds?, agreement: Double?) {
    self.name = name
    self.image = image
    self.text = text
    self.agreement = agreement
  }

  /// Bounds of one tower; nil if not required.
  public struct Bounds: Sendable, Equatable, Codable {
    public var worstCosine: Double?
    public var maximumAbsolute: Double?
    /// RMS error as a multiple of the error of the original implementation's FP32 against the same reference.
    public var rmsRatio: Double?

    public init(worstCosine: Double? = nil, maximumAbsolute: Double? = nil, rmsRatio: Double? = nil) {
      self.worstCosine = worstCosine
      self.maximumAbsolute = maximumAbsolute
      self.rmsRatio = rmsRatio
    }
  }

  /// FP32 sums of the same weights: rounding only, at most twice the original implementation's.
  public static let fp32 = Thresholds(
    name: "fp32", image: Bounds(maximumAbsolute: 1e-5, rmsRatio: 2),
    text: Bounds(maximumAbsolute: 1e-5, rmsRatio: 2), agreement: 1)

  /// Weights rounded to FP16: lossless for OpenAI's, which are FP16.
  public static let fp16 = Thresholds(
    name: "fp16", image: Bounds(worstCosine: 0.99999), text: Bounds(worstCosine: 0.99999), agreement: 1)

  /// FP16 weights whose inputs are rounded to BF16, which keeps eight bits.
  public static func bf16(_ image: ImageTower?) -> Thresholds {
    Thresholds(
      name: "bf16", image: image.flatMap { bf16Bounds($0, transformer: 0.9999, rn50: 0.999) },
      text: Bounds(worstCosine: 0.9999), agreement: nil)
  }

  /// int8 weights and activations.
  public static func int8Fast(_ image: ImageTower?) -> Thresholds {
    Thresholds(
      name: "int8 fast", image: image.map { int8Bounds($0, transformer: 0.9998, resNet: 0.998) },
      text: Bounds(worstCosine: 0.999), agreement: nil)
  }

  /// int8 weights, 16-bit activations.
  public static func int8Exact(_ image: ImageTower?) -> Thresholds {
    Thresholds(
      name: "int8 exact", image: image.map { int8Bounds($0, transformer: 0.9999, resNet: 0.999) },
      text: Bounds(worstCosine: 0.9995), agreement: nil)
  }

  private static func int8Bounds(_ image: ImageTower, transformer: Double, resNet: Double) -> Bounds {
    switch image.trunk.activationScaling {
    case .perToken: Bounds(worstCosine: transformer)
    case .perMap: Bounds(worstCosine: resNet)
    }
  }

  /// ResNets deeper than RN50 have no bound, because errors accumulate over depth.
  private static func bf16Bounds(_ image: ImageTower, transformer: Double, rn50: Double) -> Bounds? {
    switch image.trunk.activationScaling {
    case .perToken: Bounds(worstCosine: transformer)
    case .perMap(let depth): depth <= rn50Depth ? Bounds(worstCosine: rn50) : nil
    }
  }

  /// Bottlenecks of RN50: 3 + 4 + 6 + 3.
  private static let rn50Depth = 16
}

extension Thresholds {
  /// The defaults for a bundle. The precision of each tower determines its bounds.
  public static func standard(
    for description: BundleDescription, _ arithmetic: Model.Arithmetic
  ) -> Thresholds {
    let architecture = description.architecture
    let image = of(description.imagePrecision, arithmetic, architecture.image)
    let text = of(description.textPrecision, arithmetic, architecture.image)
    let names =
      (architecture.image == nil ? [] : [image.name]) + (architecture.text == nil ? [] : [text.name])
    let isFloat = image.agreement != nil && text.agreement != nil
    return Thresholds(
      name: names.count == 2 && names[0] != names[1] ? names.joined(separator: " / ") : names.first ?? "none",
      image: architecture.image == nil ? nil : image.image,
      text: architecture.text == nil ? nil : text.text, agreement: isFloat ? 1 : nil)
  }

  private static func of(
    _ precision: Precision, _ arithmetic: Model.Arithmetic, _ image: ImageTower?
  ) -> Thresholds {
    switch (precision, arithmetic) {
    case (.fp32, _): .fp32
    case (.fp16, .fast), (.fp16, .exact): .fp16
    // The runtime accepts `bf16` only for FP16 bundles.
    case (.fp16, .bf16), (.int8, .bf16): .bf16(image)
    case (.int8, .fast): .int8Fast(image)
    case (.int8, .exact): .int8Exact(image)
    }
  }

  package func bounds(_ tower: Tower) -> Bounds? {
    switch tower {
    case .image: image
    case .text: text
    }
  }
}
