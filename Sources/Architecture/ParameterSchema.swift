/// One canonical tensor: OpenAI's state-dict name, its shape in OpenAI's layout, and what it is for.
public struct Parameter: Sendable, Equatable {
  public var name: ParameterName
  /// Row-major extents, slowest axis first.
  public var shape: [Int]
  public var role: Role
  /// The tower it belongs to; nil for the score's scale and bias, which belong to neither.
  public var tower: Tower?

  /// What a tensor is for, which decides how a bundle stores it.
  public enum Role: Sendable, Equatable {
    /// `[N, K]`, y = W·x.
    case linear(input: LinearInput)
    /// `[K, N]`, y = x·W: OpenAI's `proj` and `text_projection`.
    case projection
    /// `[N, C, H, W]`, no bias.
    case convolution
    /// `[vocabulary, width]`, looked up by id.
    case tokenTable
    /// `[tokens, width]`.
    case positions
    /// `[N]`: a bias, a LayerNorm gain or bias, the class embedding.
    case vector
    /// `[N]`: a part of a BatchNorm.
    case batchNorm(BatchNormPart)
    /// `[]`, a natural logarithm.
    case logitScale
    /// `[]`, added to the scaled cosine.
    case logitBias
  }

  /// Where a linear layer's input comes from: the pairs that int8 equalizes.
  public enum LinearInput: Sendable, Equatable {
    /// The LayerNorm before it, alone.
    case layerNorm
    /// The value rows of an attention's input projection, averaged by attention.
    case attentionValues
    /// Nothing that could absorb a scale.
    case other
  }

  public enum BatchNormPart: Sendable, Equatable {
    case gain, bias, runningMean, runningVariance
  }

  /// Elements; shapes come from an architecture whose extents are bounded.
  public var elementCount: Int { shape.reduce(1, *) }
}

/// Every tensor of an architecture in a fixed order: image tower, text tower, score.
///
/// This one list drives shape checks, missing and unexpected reports, identity digests, synthetic weights, the
/// bundle's file order and the documentation.
public struct ParameterSchema: Sendable {
  public let parameters: [Parameter]

  /// - Parameter score: nil for a source that has none.
  public init(_ architecture: CLIPArchitecture, score: Score.Kind? = .softmax) {
    var builder = SchemaBuilder()
    switch architecture.image {
    case .visionTransformer(let tower): builder.add(tower)
    case .modifiedResNet(let tower): builder.add(tower)
    case nil: break
    }
    if let text = architecture.text { builder.add(text) }
    builder.tower = nil
    if score != nil { builder.add("logit_scale", [], .logitScale) }
    if score == .sigmoid { builder.add("logit_bias", [], .logitBias) }
    parameters = builder.parameters
  }

  /// Nil where there is no scale.
  public var scoreKind: Score.Kind? {
    var kind: Score.Kind?
    for parameter in parameters {
      switch parameter.role {
      case .logitScale: kind = kind ?? .softmax
      case .logitBias: kind = .sigmoid
      case .linear, .projection, .convolution, .tokenTable, .positions, .vector, .batchNorm: break
      }
    }
    return kind
  }

  /// The same list without some of its parameters.
  public func keeping(_ isKept: (Parameter) -> Bool) -> ParameterSchema {
    ParameterSchema(parameters: parameters.filter(isKept))
  }

  private init(parameters: [Parameter]) { self.parameters = parameters }
}

/// Appends parameters below a name prefix.
private struct SchemaBuilder {
  var parameters: [Parameter] = []
  var tower: Tower?

  mutating func add(_ name: ParameterName, _ shape: [Int], _ role: Parameter.Role) {
    parameters.append(Parameter(name: name, shape: shape, role: role, tower: tower))
  }

  mutating func add(_ literal: StaticString, _ shape: [Int], _ role: Parameter.Role) {
    add(ParameterName(literal), shape, role)
  }

  mutating func add(_ tower: VisionTransformer) {
    self.tower = .image
    let width = tower.stack.width
    add("visual.class_embedding", [width], .vector)
    add("visual.positional_embedding", [tower.tokenCount, width], .positions)
    add("visual.conv1.weight", [width, 3, tower.patchSize, tower.patchSize], .convolution)
    addLayerNorm(ParameterName("visual.ln_pre"), width)
    addBlocks(tower.stack, below: "visual.transformer.resblocks.")
    addLayerNorm(ParameterName("visual.ln_post"), width)
    if let projection = tower.projection { add("visual.proj", [width, projection], .projection) }
  }

  mutating func add(_ tower: TextTower) {
    self.tower = .text
    let width = tower.stack.width
    add("token_embedding.weight", [tower.vocabularySize, width], .tokenTable)
    add("positional_embedding", [tower.contextLength, width], .positions)
    addBlocks(tower.stack, below: "transformer.resblocks.")
    addLayerNorm(ParameterName("ln_final"), width)
    if let projection = tower.projection { add("text_projection", [width, projection], .projection) }
  }

  private mutating func addBlocks(_ stack: TransformerStack, below prefix: StaticString) {
    let width = stack.width
    for layer in 0..<stack.layers {
      let block = ParameterName(prefix).appending(layer)
      addLayerNorm(block.appending(".ln_1"), width)
      add(block.appending(".attn.in_proj_weight"), [3 * width, width], .linear(input: .layerNorm))
      add(block.appending(".attn.in_proj_bias"), [3 * width], .vector)
      addLinear(block.appending(".attn.out_proj"), width, width, .attentionValues)
      addLayerNorm(block.appending(".ln_2"), width)
      addLinear(block.appending(".mlp.c_fc"), stack.mlpWidth, width, .layerNorm)
      addLinear(block.appending(".mlp.c_proj"), width, stack.mlpWidth, .other)
    }
  }

  mutating func add(_ tower: ModifiedResNet) {
    self.tower = .image
    let half = tower.width / 2
    addConvolution("visual.conv1", "visual.bn1", [half, 3, 3, 3])
    addConvolution("visual.conv2", "visual.bn2", [half, half, 3, 3])
    addConvolution("visual.conv3", "visual.bn3", [tower.width, half, 3, 3])
    var channels = tower.width
    for stage in 0..<ModifiedResNet.Blocks.stageCount {
      let inner = tower.innerChannels(stage: stage)
      for index in 0..<tower.blocks[stage] {
        let block = ParameterName("visual.layer").appending(stage + 1).appending(".").appending(index)
        addBottleneck(block, inputChannels: channels, innerChannels: inner, downsamples: index == 0)
        channels = inner * ModifiedResNet.expansion
      }
    }
    addAttentionPool(tower)
  }

  private mutating func addBottleneck(
    _ block: ParameterName, inputChannels: Int, innerChannels: Int, downsamples: Bool
  ) {
    let outputChannels = innerChannels * ModifiedResNet.expansion
    addConvolution(block.appending(".conv1"), block.appending(".bn1"), [innerChannels, inputChannels, 1, 1])
    addConvolution(block.appending(".conv2"), block.appending(".bn2"), [innerChannels, innerChannels, 3, 3])
    addConvolution(block.appending(".conv3"), block.appending(".bn3"), [outputChannels, innerChannels, 1, 1])
    if downsamples {
      let shortcut = block.appending(".downsample")
      addConvolution(
        shortcut.appending(".0"), shortcut.appending(".1"), [outputChannels, inputChannels, 1, 1])
    }
  }

  private mutating func addAttentionPool(_ tower: ModifiedResNet) {
    let width = tower.attentionPoolWidth
    add("visual.attnpool.positional_embedding", [tower.tokenCount, width], .positions)
    addLinear(ParameterName("visual.attnpool.q_proj"), width, width, .other)
    addLinear(ParameterName("visual.attnpool.k_proj"), width, width, .other)
    addLinear(ParameterName("visual.attnpool.v_proj"), width, width, .other)
    addLinear(ParameterName("visual.attnpool.c_proj"), tower.projection, width, .attentionValues)
  }

  private mutating func addLinear(
    _ name: ParameterName, _ outputs: Int, _ inputs: Int, _ source: Parameter.LinearInput
  ) {
    add(name.appending(".weight"), [outputs, inputs], .linear(input: source))
    add(name.appending(".bias"), [outputs], .vector)
  }

  private mutating func addLayerNorm(_ name: ParameterName, _ width: Int) {
    add(name.appending(".weight"), [width], .vector)
    add(name.appending(".bias"), [width], .vector)
  }

  private mutating func addConvolution(_ name: StaticString, _ norm: StaticString, _ shape: [Int]) {
    addConvolution(ParameterName(name), ParameterName(norm), shape)
  }

  private mutating func addConvolution(_ name: ParameterName, _ norm: ParameterName, _ shape: [Int]) {
    add(name.appending(".weight"), shape, .convolution)
    let outputs = [shape[0]]
    add(norm.appending(".weight"), outputs, .batchNorm(.gain))
    add(norm.appending(".bias"), outputs, .batchNorm(.bias))
    add(norm.appending(".running_mean"), outputs, .batchNorm(.runningMean))
    add(norm.appending(".running_var"), outputs, .batchNorm(.runningVariance))
  }
}
