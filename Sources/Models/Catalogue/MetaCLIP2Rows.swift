internal import Architecture

/// A published MetaCLIP 2 (worldwide): CLIP's towers, with a multilingual vocabulary whose end of text is not the highest id.
///
/// Source: `src/mini_clip/model_configs` and `model_worldwide.py` of facebookresearch/MetaCLIP. open_clip writes
/// `ViT-H-14-worldwide-378` for `ViT-H-14-378-worldwide`.
struct MetaCLIP2Row {
  private var row: ViTRow
  private var vocabulary: Vocabulary
  private var activation: Activation

  /// XLM-V's, or mT5's as of SigLIP's multilingual models.
  private enum Vocabulary {
    case xlmV, mT5

    var size: Int {
      switch self {
      case .xlmV: 901_629
      case .mT5: 250_000
      }
    }

    /// The end of text.
    var pooled: Int {
      switch self {
      case .xlmV: 2
      case .mT5: 1
      }
    }
  }

  private init(_ row: ViTRow, _ vocabulary: Vocabulary = .xlmV, _ activation: Activation = .gelu) {
    (self.row, self.vocabulary, self.activation) = (row, vocabulary, activation)
  }

  static let all = [
    MetaCLIP2Row(ViTRow("ViT-S-16-worldwide", 224, 16, .small, .small, 384)),
    MetaCLIP2Row(ViTRow("ViT-S-16-384-worldwide", 384, 16, .small, .small, 384)),
    MetaCLIP2Row(ViTRow("ViT-S-16-mT5-worldwide", 224, 16, .small, .small, 384), .mT5),
    MetaCLIP2Row(ViTRow("ViT-M-16-worldwide", 224, 16, .medium, .base, 512)),
    MetaCLIP2Row(ViTRow("ViT-M-16-384-worldwide", 384, 16, .medium, .base, 512)),
    MetaCLIP2Row(ViTRow("ViT-M-16-mT5-worldwide", 224, 16, .medium, .base, 512), .mT5),
    MetaCLIP2Row(ViTRow("ViT-B-32-worldwide", 224, 32, .base, .base, 512)),
    MetaCLIP2Row(ViTRow("ViT-B-32-384-worldwide", 384, 32, .base, .base, 512)),
    MetaCLIP2Row(ViTRow("ViT-B-32-mT5-worldwide", 224, 32, .base, .base, 512), .mT5),
    MetaCLIP2Row(ViTRow("ViT-B-16-worldwide", 224, 16, .base, .base, 512)),
    MetaCLIP2Row(ViTRow("ViT-B-16-384-worldwide", 384, 16, .base, .base, 512)),
    MetaCLIP2Row(ViTRow("ViT-L-14-worldwide", 224, 14, .large, .large, 768)),
    MetaCLIP2Row(ViTRow("ViT-H-14-quickgelu-worldwide", 224, 14, .huge, .huge, 1024), .xlmV, .quickGELU),
    MetaCLIP2Row(ViTRow("ViT-H-14-378-worldwide", 378, 14, .huge, .huge, 1024)),
    MetaCLIP2Row(ViTRow("ViT-bigG-14-worldwide", 224, 14, .bigGiant, .giant, 1280)),
    MetaCLIP2Row(ViTRow("ViT-bigG-14-378-worldwide", 378, 14, .bigGiant, .giant, 1280)),
  ]

  var name: String { row.name }

  var architecture: CLIPArchitecture {
    var result = row.architecture(activation)
    result.text?.vocabularySize = vocabulary.size
    result.text?.pooling = .firstID(vocabulary.pooled)
    return result
  }
}
