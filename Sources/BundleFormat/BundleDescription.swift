public import Architecture

/// Everything that a bundle's metadata states, except the digests of its tensors.
///
/// `visitHeaderFields` defines which fields exist and in which order; reading and writing both use it. The fields
/// that enter an identity are a separate, frozen list (`IdentityFields.swift`).
public struct BundleDescription: Sendable, Equatable {
  /// Name of the architecture, such as `ViT-B/32`; informative.
  public var model: [UInt8] = []
  public var architecture = CLIPArchitecture(image: nil, text: nil)
  public var imageID: Digest?
  public var textID: Digest?
  public var layout = TensorLayout.panel16
  /// Nil if the source has no scale. Then there is no score either.
  public var score: Score.Kind?
  public var imagePrecision = Precision.fp32
  public var textPrecision = Precision.fp32
  /// Of an int8 tower: the form of each matrix, in the order of the tensors. Empty if all are `nearest`.
  public var imageForms: [MatrixForm] = []
  public var textForms: [MatrixForm] = []
  public var preprocessing = Preprocessing.openAI
  public var tokenizer = TokenizerKind.none
  /// Identifies the merges or the table, and the Unicode version; nil if the bundle holds no tokenizer.
  public var tokenizerID: Digest?
  /// Bytes of the tokenizer's table; nil without one.
  public var tokenizerTableBytes: Int?
  public var fidelity = FidelityDemand()
  public var provenance = Provenance()

  public init() {}
}

/// How weights are stored.
public enum Precision: UInt8, Sendable, CaseIterable {
  case fp32, fp16, int8
}

/// How matrices are laid out. Version 1 of the format has one layout.
public enum TensorLayout: UInt8, Sendable, CaseIterable {
  /// Panels of 16 outputs: `[N/16, K, 16]`, int8 `[N/16, K/4, 16, 4]`.
  case panel16
}

/// How `fast` arithmetic quantizes activations.
public enum ActivationRecipe: UInt8, Sendable, CaseIterable {
  /// Activations are not quantized, because weights are floating point.
  case none
  /// Signed, symmetric, one scale per token (per patch in the patch embedding).
  case tokenU8
  /// Unsigned with a zero point, one scale per image and tensor.
  case imageU8

  public init(_ tower: ImageTower, _ precision: Precision) {
    switch (precision, tower.trunk.activationScaling) {
    case (.fp32, _), (.fp16, _): self = .none
    case (.int8, .perToken): self = .tokenU8
    case (.int8, .perMap): self = .imageU8
    }
  }
}

/// The lowest cosines, in millionths, that the user required of the conversion. Measured cosines are not stored, so
/// that the same input gives the same bytes on every machine. Nil if nothing was measured.
public struct FidelityDemand: Sendable, Equatable {
  /// Identifier of the probe set; empty if measuring was switched off.
  public var probes: [UInt8] = []
  public var imageFast: Int?
  public var imageExact: Int?
  public var textFast: Int?
  public var textExact: Int?
  /// Zero-shot agreement with FP32, in millionths.
  public var agreement: Int?

  public init() {}
}

/// The origin of the weights.
public struct Provenance: Sendable, Equatable {
  public var format: [UInt8] = []
  /// File name without its folder.
  public var file: [UInt8] = []
  public var sha256: Digest?
  /// Name and version of the tool that wrote the bundle.
  public var tool: [UInt8] = []
  /// As stated by the source, if it does.
  public var license: [UInt8] = []
  public var attribution: [UInt8] = []
  /// Names the images and texts that chose the roundings of `calibrated` matrices; empty if there are none.
  public var calibration: [UInt8] = []

  public init() {}
}

extension BundleDescription {
  /// Walks every field of the codec's version in file order.
  mutating func visitHeaderFields<Codec: FieldCodec>(_ codec: inout Codec) throws(BundleFault) {
    try codec.version("pclip.version")
    try codec.text("model", &model)
    var towers = TowersPresent(architecture)
    try codec.choice("towers", &towers)
    towers.prepare(&architecture)
    try codec.digest("image.id", &imageID)
    try codec.digest("text.id", &textID)
    try codec.choice("layout", &layout)
    try visitScore(&codec)
    try visitImageFields(&codec)
    try visitTextFields(&codec)
    try fidelity.visitHeaderFields(&codec, towers)
    try provenance.visitHeaderFields(&codec)
    let isCalibrated = imageForms.contains { $0.isCalibrated } || textForms.contains { $0.isCalibrated }
    try codec.require(isCalibrated == !provenance.calibration.isEmpty, "provenance.calibration")
  }

  /// The format version that this code writes, and the latest that it reads.
  public static let version = 1

  private mutating func visitScore<Codec: FieldCodec>(_ codec: inout Codec) throws(BundleFault) {
    var field = ScoreField(score)
    try codec.choice("score.kind", &field)
    score = field.kind
  }

  private mutating func visitImageFields<Codec: FieldCodec>(_ codec: inout Codec) throws(BundleFault) {
    guard var image = architecture.image else { return }
    try image.visitHeaderFields(&codec)
    architecture.image = image
    try codec.choice("image.precision", &imagePrecision)
    try visitRecipe(&codec, "image.recipe", ActivationRecipe(image, imagePrecision))
    try BundleDescription.visitForms(&codec, "image.forms", &imageForms, imagePrecision)
    try preprocessing.visitHeaderFields(&codec)
    try codec.require(preprocessing.fits(imageSize: image.imageSize), "preprocess.resize_edge")
    try codec.require(preprocessing.backendFits, "preprocess.backend")
    try codec.require(preprocessing.alphaFits, "preprocess.alpha")
  }

  private mutating func visitTextFields<Codec: FieldCodec>(_ codec: inout Codec) throws(BundleFault) {
    guard var text = architecture.text else { return }
    try text.visitHeaderFields(&codec)
    architecture.text = text
    try codec.choice("text.precision", &textPrecision)
    try visitRecipe(&codec, "text.recipe", textPrecision == .int8 ? .tokenU8 : .none)
    try BundleDescription.visitForms(&codec, "text.forms", &textForms, textPrecision)
    try codec.choice("tokenizer.kind", &tokenizer)
    try codec.digest("tokenizer.id", &tokenizerID)
    try codec.require((tokenizer == .none) == (tokenizerID == nil), "tokenizer.id")
    try codec.optional("tokenizer.table_bytes", &tokenizerTableBytes, BundleLayout.tableByteCounts)
    try codec.require((tokenizer == .table) == (tokenizerTableBytes != nil), "tokenizer.table_bytes")
    // Lookups in a smaller table would read past its rows.
    try codec.require(
      text.vocabularySize >= BundleLayout.leastVocabulary(of: tokenizer), "text.vocabulary")
    if let image = architecture.image, image.outputsEmbedding, let width = text.projection {
      try codec.require(image.outputWidth == width, "text.projection")
    }
  }
}

extension BundleDescription {
  /// Version 1 has one recipe per kind of tower. The field states it, so that a later version can offer another.
  private func visitRecipe<Codec: FieldCodec>(
    _ codec: inout Codec, _ key: StaticString, _ expected: ActivationRecipe
  ) throws(BundleFault) {
    var recipe = expected
    try codec.choice(key, &recipe)
    try codec.require(recipe == expected, key)
  }

  /// `BundleLayout` compares their number with the tower's.
  private static func visitForms<Codec: FieldCodec>(
    _ codec: inout Codec, _ key: StaticString, _ forms: inout [MatrixForm], _ precision: Precision
  ) throws(BundleFault) {
    try codec.forms(key, &forms)
    // One spelling of `nearest` for all matrices: an empty list.
    try codec.require(forms.isEmpty || precision == .int8 && forms.contains { $0 != .nearest }, key)
  }
}

extension FidelityDemand {
  fileprivate mutating func visitHeaderFields<Codec: FieldCodec>(
    _ codec: inout Codec, _ towers: TowersPresent
  ) throws(BundleFault) {
    let millionths = 0...1_000_000
    try codec.text("fidelity.probes", &probes)
    let isMeasured = !probes.isEmpty
    if towers != .text {
      try codec.optional("fidelity.image.fast", &imageFast, millionths)
      try codec.optional("fidelity.image.exact", &imageExact, millionths)
    }
    if towers != .image {
      try codec.optional("fidelity.text.fast", &textFast, millionths)
      try codec.optional("fidelity.text.exact", &textExact, millionths)
    }
    try codec.optional("fidelity.agreement", &agreement, millionths)
    let states = [imageFast, imageExact, textFast, textExact, agreement].contains { $0 != nil }
    try codec.require(isMeasured || !states, "fidelity.probes")
  }
}

extension Provenance {
  fileprivate mutating func visitHeaderFields<Codec: FieldCodec>(_ codec: inout Codec) throws(BundleFault) {
    try codec.text("provenance.format", &format)
    try codec.text("provenance.file", &file)
    try codec.digest("provenance.sha256", &sha256)
    try codec.text("provenance.tool", &tool)
    try codec.text("provenance.license", &license)
    try codec.text("provenance.attribution", &attribution)
    try codec.text("provenance.calibration", &calibration)
  }
}

/// The value of the field `score.kind`.
enum ScoreField: UInt8, CaseIterable {
  case none, softmax, sigmoid

  init(_ kind: Score.Kind?) {
    switch kind {
    case nil: self = .none
    case .softmax: self = .softmax
    case .sigmoid: self = .sigmoid
    }
  }

  var kind: Score.Kind? {
    switch self {
    case .none: nil
    case .softmax: .softmax
    case .sigmoid: .sigmoid
    }
  }
}

/// The value of the field `towers`.
enum TowersPresent: UInt8, CaseIterable {
  case both, image, text

  init(_ architecture: CLIPArchitecture) {
    self = architecture.text == nil ? .image : architecture.image == nil ? .text : .both
  }

  /// Creates exactly the towers that the field names, so that the following fields can be read into them.
  func prepare(_ architecture: inout CLIPArchitecture) {
    if self == .text { architecture.image = nil } else { architecture.image = architecture.image ?? .unread }
    if self == .image { architecture.text = nil } else { architecture.text = architecture.text ?? .unread }
  }
}
