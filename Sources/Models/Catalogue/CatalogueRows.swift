internal import Architecture

/// The text transformer of a row. Fixed: the MLP is four times as wide, 77 tokens, OpenAI's vocabulary.
struct TextRow {
  var width: Int
  var layers: Int
  var heads: Int

  static let small = TextRow(width: 384, layers: 12, heads: 6)
  static let base = TextRow(width: 512, layers: 12, heads: 8)
  static let plus = TextRow(width: 640, layers: 12, heads: 10)
  static let large = TextRow(width: 768, layers: 12, heads: 12)
  static let huge = TextRow(width: 1024, layers: 24, heads: 16)
  static let giant = TextRow(width: 1280, layers: 32, heads: 20)

  func tower(projection: Int, _ activation: Activation) -> TextTower {
    TextTower(
      contextLength: 77, vocabularySize: OpenAIConvention.vocabularySize,
      stack: TransformerStack(
        width: width, layers: layers, heads: heads, mlpWidth: 4 * width, activation: activation,
        epsilon: OpenAIConvention.epsilon),
      pooling: .highestID, projection: projection)
  }
}

/// Constants that OpenAI's and open_clip's code uses for all their architectures.
package enum OpenAIConvention {
  /// PyTorch's default for LayerNorm and BatchNorm.
  static let epsilon: Float = 1e-5
  package static let vocabularySize = 49_408
  /// Heads are `width / 64` unless a configuration states otherwise.
  static let headSize = 64
}

/// A ResNet of `clip/model.py`. Its attention pooling has heads of 64 channels.
struct ResNetRow {
  var name: String
  var imageSize: Int
  var blocks: ResNetTrunk.Blocks
  var width: Int
  var text: TextRow
  var projection: Int

  static let all = [
    ResNetRow(
      name: "RN50", imageSize: 224, blocks: .init(3, 4, 6, 3), width: 64, text: .base, projection: 1024),
    ResNetRow(
      name: "RN101", imageSize: 224, blocks: .init(3, 4, 23, 3), width: 64, text: .base, projection: 512),
    ResNetRow(
      name: "RN50x4", imageSize: 288, blocks: .init(4, 6, 10, 6), width: 80, text: .plus, projection: 640),
    ResNetRow(
      name: "RN50x16", imageSize: 384, blocks: .init(6, 8, 18, 8), width: 96, text: .large,
      projection: 768),
    ResNetRow(
      name: "RN50x64", imageSize: 448, blocks: .init(3, 15, 36, 10), width: 128,
      text: TextRow(width: 1024, layers: 12, heads: 16), projection: 1024),
  ]

  func architecture(_ activation: Activation) -> CLIPArchitecture {
    let tower = ImageTower.modifiedResNet(
      imageSize: imageSize, width: width, blocks: blocks,
      heads: width * ResNetTrunk.downsampling / OpenAIConvention.headSize, projection: projection,
      epsilon: OpenAIConvention.epsilon)
    return CLIPArchitecture(image: tower, text: text.tower(projection: projection, activation))
  }
}

/// A Vision Transformer of OpenAI or open_clip.
struct ViTRow {
  var name: String
  var imageSize: Int
  var patchSize: Int
  var vision: Size
  var text: TextRow
  var projection: Int

  /// Width, layers, heads and MLP width.
  struct Size {
    var width, layers, heads, mlpWidth: Int

    static let small = Size(width: 384, layers: 12, heads: 6, mlpWidth: 1536)
    static let medium = Size(width: 512, layers: 12, heads: 8, mlpWidth: 2048)
    static let base = Size(width: 768, layers: 12, heads: 12, mlpWidth: 3072)
    static let plus = Size(width: 896, layers: 12, heads: 14, mlpWidth: 3584)
    static let large = Size(width: 1024, layers: 24, heads: 16, mlpWidth: 4096)
    /// Head size 80.
    static let huge = Size(width: 1280, layers: 32, heads: 16, mlpWidth: 5120)
    /// Head size 88.
    static let giant = Size(width: 1408, layers: 40, heads: 16, mlpWidth: 6144)
    /// Head size 104.
    static let bigGiant = Size(width: 1664, layers: 48, heads: 16, mlpWidth: 8192)
    /// Head size 112.
    static let enormous = Size(width: 1792, layers: 56, heads: 16, mlpWidth: 15360)
  }

  init(
    _ name: String, _ imageSize: Int, _ patchSize: Int, _ vision: Size, _ text: TextRow, _ projection: Int
  ) {
    self.name = name
    self.imageSize = imageSize
    self.patchSize = patchSize
    self.vision = vision
    self.text = text
    self.projection = projection
  }

  static let openAI = [
    ViTRow("ViT-B/32", 224, 32, .base, .base, 512),
    ViTRow("ViT-B/16", 224, 16, .base, .base, 512),
    ViTRow("ViT-L/14", 224, 14, .large, .large, 768),
    ViTRow("ViT-L/14@336px", 336, 14, .large, .large, 768),
  ]

  static let openCLIP = [
    ViTRow("ViT-S-32", 224, 32, .small, .small, 384),
    ViTRow("ViT-S-32-alt", 224, 32, .small, TextRow(width: 256, layers: 10, heads: 4), 256),
    ViTRow("ViT-S-16", 224, 16, .small, .small, 384),
    ViTRow("ViT-S-16-alt", 224, 16, .small, TextRow(width: 256, layers: 10, heads: 4), 256),
    ViTRow("ViT-M-32", 224, 32, .medium, .base, 512),
    ViTRow("ViT-M-32-alt", 224, 32, .medium, .small, 384),
    ViTRow("ViT-M-16", 224, 16, .medium, .base, 512),
    ViTRow("ViT-B-32", 224, 32, .base, .base, 512),
    ViTRow("ViT-B-32-256", 256, 32, .base, .base, 512),
    ViTRow("ViT-B-32-plus-256", 256, 32, .plus, .plus, 640),
    ViTRow("ViT-B-16", 224, 16, .base, .base, 512),
    ViTRow("ViT-B-16-plus", 224, 16, .plus, .plus, 640),
    ViTRow("ViT-B-16-plus-240", 240, 16, .plus, .plus, 640),
    ViTRow("ViT-L-14", 224, 14, .large, .large, 768),
    ViTRow("ViT-L-14-280", 280, 14, .large, .large, 768),
    ViTRow("ViT-L-14-336", 336, 14, .large, .large, 768),
    ViTRow("ViT-L-16", 224, 16, .large, .large, 768),
    ViTRow("ViT-L-16-320", 320, 16, .large, .large, 768),
    ViTRow("ViT-H-14", 224, 14, .huge, .huge, 1024),
    ViTRow("ViT-H-14-378", 378, 14, .huge, .huge, 1024),
    ViTRow("ViT-H-16", 224, 16, .huge, .huge, 1024),
    ViTRow("ViT-g-14", 224, 14, .giant, .huge, 1024),
    ViTRow("ViT-bigG-14", 224, 14, .bigGiant, .giant, 1280),
    ViTRow("ViT-e-14", 224, 14, .enormous, TextRow(width: 1280, layers: 36, heads: 20), 1280),
  ]

  func architecture(_ activation: Activation) -> CLIPArchitecture {
    let stack = TransformerStack(
      width: vision.width, layers: vision.layers, heads: vision.heads, mlpWidth: vision.mlpWidth,
      activation: activation, epsilon: OpenAIConvention.epsilon)
    let tower = ImageTower.visionTransformer(
      imageSize: imageSize, patchSize: patchSize, stack: stack, projection: projection)
    return CLIPArchitecture(image: tower, text: text.tower(projection: projection, activation))
  }
}
