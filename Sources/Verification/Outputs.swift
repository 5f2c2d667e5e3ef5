internal import Architecture

/// What a model, on whatever path, makes of a set of probes. A nil part is a tower that is not there or was not asked.
struct Outputs: Sendable {
  /// Not normalized.
  var images: Vectors?
  var texts: Vectors?
  var imageStages = StageTrace()
  var textStages = StageTrace()
  /// The matrix product of the FP32 reference; nil on other paths.
  var product: String?

  func vectors(_ tower: Tower) -> Vectors? {
    switch tower {
    case .image: images
    case .text: texts
    }
  }

  func stages(_ tower: Tower) -> StageTrace {
    switch tower {
    case .image: imageStages
    case .text: textStages
    }
  }
}

/// Stages outside the towers' own modules.
enum StageName {
  /// Prepared pixels, and tokens, before anything of the model has touched them.
  static let pixels = "preprocessing"
  static let tokens = "tokenizer"
  static let pooling = "pooling"
}

/// Prepared inputs: everything after pixels and tokens.
struct Inputs: Sendable {
  /// FP32 `[3, S, S]` per image.
  var pixels: [[Float]] = []
  /// As many ids per text as the context is long.
  var ids: [[Int32]] = []
}
