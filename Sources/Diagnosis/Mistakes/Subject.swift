internal import Architecture
internal import Models

/// The model and the kind of input that are diagnosed.
struct Subject: Sendable {
  let architecture: CLIPArchitecture
  let preprocessing: Preprocessing?
  let tower: Tower
  /// The user's sentence with {} in which texts may have been put.
  var template: String?
  /// Stages at which a mistake is possible: not before the given inputs.
  var stages: Set<Stage> = Set(Stage.allCases)

  init(_ model: CLIPModel, _ tower: Tower) {
    architecture = model.architecture
    preprocessing = model.preprocessing
    self.tower = tower
  }

  /// Nil for a ResNet.
  var stack: TransformerStack? {
    switch tower {
    case .image: architecture.image?.trunk.stack
    case .text: architecture.text?.stack
    }
  }

  var epsilon: Float? {
    switch tower {
    case .image: architecture.image?.epsilon
    case .text: architecture.text?.stack.epsilon
    }
  }

  var heads: Int? {
    switch tower {
    case .image: architecture.image?.heads
    case .text: architecture.text?.stack.heads
    }
  }

  /// Channels that the heads divide.
  var width: Int? {
    switch tower {
    case .image: architecture.image?.width
    case .text: architecture.text?.stack.width
    }
  }
}

// Conditions of mistakes.
extension Subject {
  var hasBlocks: Bool { stack != nil }
  var isResNet: Bool { tower == .image && stack == nil }
  /// The image tower's Vision Transformer; nil for a ResNet.
  private var patches: PatchTrunk? {
    guard tower == .image, case .patches(let trunk)? = architecture.image?.trunk else { return nil }
    return trunk
  }
  var hasPreNorm: Bool { patches?.hasPreNorm ?? false }
  var hasClassToken: Bool { patches?.prefix == .classToken }
  var hasPatchBias: Bool { patches?.hasPatchBias ?? false }
  var hasProbe: Bool {
    guard tower == .image, case .probe? = architecture.image?.pool else { return false }
    return true
  }
  var hasAttentionPool: Bool { isResNet || hasProbe }
  var isCausal: Bool { tower == .text && architecture.text?.isCausal == true }
  var isNotCausal: Bool { tower == .text && architecture.text?.isCausal == false }
  var hasProjectionBias: Bool { tower == .text && architecture.text?.hasProjectionBias == true }
  /// Whether the vector is a projected token.
  var projectsToken: Bool {
    switch tower {
    case .image: hasBlocks && architecture.image?.projection != nil
    case .text: architecture.text?.projection != nil
    }
  }
  var hasSquareProjection: Bool {
    switch tower {
    case .image: projectsToken && architecture.image?.projection == width
    case .text: projectsToken && architecture.text?.projection == width
    }
  }

  var isBicubic: Bool { preprocessing?.interpolation == .bicubic }
  var isBilinear: Bool { preprocessing?.interpolation == .bilinear }
  var usesPillow: Bool { preprocessing?.backend == .pillow }
  var usesTorchvision: Bool { preprocessing != nil && !usesPillow }
  var crops: Bool { preprocessing?.resize == .shortest }
  var squashes: Bool { preprocessing?.resize == .squash }
  var cropsFromLargerEdge: Bool { preprocessing?.resizeEdge != nil }
  var cropsToEdge: Bool { crops && !cropsFromLargerEdge }
  var dropsAlpha: Bool { preprocessing?.alpha == .drop }
  /// Whether colours are converted after resizing, or put on white.
  var usesAlpha: Bool { preprocessing?.conversion == .afterResize || preprocessing?.alpha == .white }
  var convertsFirst: Bool { preprocessing?.conversion == .beforeResize && !cropsFromLargerEdge }

  /// Whether ports may assume this number of heads, which is not the model's: it gives heads of a usual size, or is a
  /// usual number.
  func mayHave(heads count: Int) -> Bool {
    guard let width, let heads, width % count == 0, count != heads else { return false }
    return [32, 64, 128, width].contains(width / count) || [8, 12, 16].contains(count)
  }
}
