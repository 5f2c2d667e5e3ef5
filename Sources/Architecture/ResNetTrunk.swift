/// CLIP's ResNet: three-convolution stem, anti-aliasing average pools instead of strides (`ModifiedResNet` in
/// OpenAI's `clip/model.py`).
public struct ResNetTrunk: Sendable, Equatable {
  /// Channels after the stem; stage s outputs 4 · width · 2^(s−1).
  public var stemWidth: Int
  /// Number of bottlenecks in each of the four stages.
  public var blocks: Blocks
  /// Added to the variance in every BatchNorm.
  public var epsilon: Float

  public struct Blocks: Sendable, Equatable {
    public var stage1, stage2, stage3, stage4: Int

    public init(_ stage1: Int, _ stage2: Int, _ stage3: Int, _ stage4: Int) {
      self.stage1 = stage1
      self.stage2 = stage2
      self.stage3 = stage3
      self.stage4 = stage4
    }

    /// Bottlenecks of stage 0…3.
    public subscript(stage: Int) -> Int {
      switch stage {
      case 0: stage1
      case 1: stage2
      case 2: stage3
      default: stage4
      }
    }

    public static let stageCount = 4
  }

  public init(stemWidth: Int, blocks: Blocks, epsilon: Float) {
    self.stemWidth = stemWidth
    self.blocks = blocks
    self.epsilon = epsilon
  }

  /// A bottleneck outputs this many times its inner channels.
  public static let expansion = 4
  /// The stem halves the size twice; stages 2 to 4 halve it once each.
  public static let downsampling = 32

  /// Positions along each side of the last map.
  public func gridSize(imageSize: Int) -> Int { imageSize / Self.downsampling }

  /// Positions of the last map.
  public func tokenCount(imageSize: Int) -> Int {
    gridSize(imageSize: imageSize) * gridSize(imageSize: imageSize)
  }

  /// Channels of the last map.
  public var outputWidth: Int { stemWidth * Self.downsampling }

  /// Inner channels of the bottlenecks of stage 0…3.
  public func innerChannels(stage: Int) -> Int { stemWidth << stage }

  /// Bottlenecks of all stages.
  public var depth: Int { blocks.stage1 + blocks.stage2 + blocks.stage3 + blocks.stage4 }
}

extension SchemaBuilder {
  mutating func add(_ trunk: ResNetTrunk) {
    let half = trunk.stemWidth / 2
    addConvolution(ParameterName("visual.conv1"), ParameterName("visual.bn1"), [half, 3, 3, 3])
    addConvolution(ParameterName("visual.conv2"), ParameterName("visual.bn2"), [half, half, 3, 3])
    addConvolution(ParameterName("visual.conv3"), ParameterName("visual.bn3"), [trunk.stemWidth, half, 3, 3])
    var channels = trunk.stemWidth
    for stage in 0..<ResNetTrunk.Blocks.stageCount {
      let inner = trunk.innerChannels(stage: stage)
      for index in 0..<trunk.blocks[stage] {
        let block = ParameterName("visual.layer").appending(stage + 1).appending(".").appending(index)
        addBottleneck(block, inputChannels: channels, innerChannels: inner, downsamples: index == 0)
        channels = inner * ResNetTrunk.expansion
      }
    }
  }

  private mutating func addBottleneck(
    _ block: ParameterName, inputChannels: Int, innerChannels: Int, downsamples: Bool
  ) {
    let outputChannels = innerChannels * ResNetTrunk.expansion
    addConvolution(block.appending(".conv1"), block.appending(".bn1"), [innerChannels, inputChannels, 1, 1])
    addConvolution(block.appending(".conv2"), block.appending(".bn2"), [innerChannels, innerChannels, 3, 3])
    addConvolution(block.appending(".conv3"), block.appending(".bn3"), [outputChannels, innerChannels, 1, 1])
    if downsamples {
      let shortcut = block.appending(".downsample")
      addConvolution(
        shortcut.appending(".0"), shortcut.appending(".1"), [outputChannels, inputChannels, 1, 1])
    }
  }
}
