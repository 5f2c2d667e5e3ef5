internal import Architecture

/// A model's outputs for a set of probes. A part is nil if the model does not have the tower or it was not run.
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

/// Stages outside the towers' modules.
enum StageName {
  /// Prepared pixels, and tokens, before the model processes them.
  static let pixels = "preprocessing"
  static let tokens = "tokenizer"
  static let pooling = "pooling"
}

/// Prepared inputs: pixels and tokens.
package struct Inputs: Sendable {
  /// FP32 `[3, S, S]` per image.
  package var pixels: [[Float]] = []
  /// Ids of each text, up to the context length.
  package var ids: [[Int32]] = []

  package init() {}
}
