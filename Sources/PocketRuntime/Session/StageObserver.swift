package import Architecture

/// A point of a forward pass whose values can be observed.
package enum Stage: Sendable, Equatable {
  /// Stages of a transformer: its first input, one of its blocks, the pooled rows after the last LayerNorm (all rows, if a
  /// probe pools them).
  case embedding(Tower)
  case block(Tower, Int)
  case pooled(Tower)
  /// The first input of an image's transformer without a LayerNorm before the first block.
  case placedPatches
  case stem
  /// Stage 1…4 and the bottleneck's index in it.
  case bottleneck(stage: Int, Int)
}

/// Values of one stage for the items being computed: `rows` rows of `width` values, `stride` apart.
///
/// The last block of a transformer and later stages have only the pooled rows, one per item. Earlier stages have all
/// rows of all items. A modified ResNet reports one image at a time, one row per pixel.
package struct StageValues {
  package var values: UnsafePointer<Float>
  package var rows: Int
  package var width: Int
  package var stride: Int
}

/// Called by the thread that encodes, between parallel parts. An observer that is not set costs one comparison.
package typealias StageObserver = (Stage, StageValues) -> Void

#if !hasFeature(Embedded)
  extension Stage {
    /// The name that golden files use: OpenAI's module path.
    package var name: String {
      switch self {
      case .embedding(.image): "visual.ln_pre"
      case .embedding(.text): "positional_embedding"
      case .block(.image, let index): "visual.transformer.resblocks.\(index)"
      case .block(.text, let index): "transformer.resblocks.\(index)"
      case .pooled(.image): "visual.ln_post"
      case .pooled(.text): "ln_final"
      case .placedPatches: "visual.positional_embedding"
      case .stem: "visual.stem"
      case .bottleneck(let stage, let index): "visual.layer\(stage).\(index)"
      }
    }
  }
#endif
