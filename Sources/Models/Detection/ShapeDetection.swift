internal import Architecture

/// Determines sizes from the tensors' shapes, like `build_model` in OpenAI's `clip/model.py`. Heads, activations and
/// epsilons of the result are placeholders that detection fills in.
struct ShapeDetection {
  var bindings: TensorBindings
  /// The only tower to detect; nil for all.
  var tower: Tower?

  /// A tower counts as present if any of its tensors is; missing tensors are then an error.
  ///
  /// - Throws: `notCLIP` if there is no tower, `missingTensors` or `impossibleShape` if one is incomplete or invalid.
  func architecture() throws(ModelError) -> CLIPArchitecture {
    var result = CLIPArchitecture(image: nil, text: nil)
    let towers = Set(bindings.byName.keys.compactMap(TensorBindings.tower))
    if towers.contains(.image), tower != .text {
      result.image =
        bindings.byName["visual.layer1.0.conv1.weight"] == nil
        ? try visionTransformer() : try modifiedResNet()
    }
    if towers.contains(.text), tower != .image { result.text = try textTower() }
    if let tower, result.image == nil, result.text == nil, !towers.isEmpty {
      throw ModelError(.towerAbsent, found: "--tower \(tower)")
    }
    guard result.image != nil || result.text != nil else {
      throw ModelError(.notCLIP, found: TensorBindings.sample(bindings.byName.keys.sorted()))
    }
    return result
  }

  private func visionTransformer() throws(ModelError) -> ImageTower {
    let patches = try shape("visual.conv1.weight", rank: 4)
    guard patches[2] == patches[3], patches[1] == 3 else {
      throw impossible("visual.conv1.weight", "[width, 3, patch, patch]")
    }
    let tokens = try shape("visual.positional_embedding", rank: 2)[0]
    let prefix: PatchTrunk.PrefixTokens = hasProbe ? .none : .classToken
    let grid = try side(of: tokens - prefix.count, "visual.positional_embedding")
    let imageSize = try product(grid, patches[2], "visual.positional_embedding")
    let stack = try stack(width: patches[0], below: "visual.transformer.resblocks.")
    guard hasProbe else {
      return .visionTransformer(
        imageSize: imageSize, patchSize: patches[2], stack: stack, projection: try projection("visual.proj"))
    }
    let hidden = try shape("visual.attnpool.mlp.c_fc.weight", rank: 2)[0]
    return .sigLIP(
      imageSize: imageSize, patchSize: patches[2], stack: stack, pool: ProbePool(heads: 0, mlpWidth: hidden))
  }

  /// SigLIP's pool.
  private var hasProbe: Bool { bindings.byName["visual.attnpool.probe"] != nil }

  private func textTower() throws(ModelError) -> TextTower {
    let table = try shape("token_embedding.weight", rank: 2)
    let isSigLIP =
      hasProbe || bindings.byName["text_projection.bias"] != nil || !bindings.convention.hasCausalText
    return TextTower(
      contextLength: try shape("positional_embedding", rank: 2)[0], vocabularySize: table[0],
      stack: try stack(width: table[1], below: "transformer.resblocks."), isCausal: !isSigLIP,
      pooling: isSigLIP ? .last : .highestID, projection: try projection("text_projection"),
      hasProjectionBias: isSigLIP)
  }

  private func modifiedResNet() throws(ModelError) -> ImageTower {
    let width = try shape("visual.conv3.weight", rank: 4)[0]
    guard width % 2 == 0 else { throw impossible("visual.conv3.weight", "an even number of channels") }
    let tokens = try shape("visual.attnpool.positional_embedding", rank: 2)[0]
    let grid = try side(of: tokens - 1, "visual.attnpool.positional_embedding")
    let blocks = ResNetTrunk.Blocks(
      try count("visual.layer1."), try count("visual.layer2."), try count("visual.layer3."),
      try count("visual.layer4."))
    return .modifiedResNet(
      imageSize: try product(grid, ResNetTrunk.downsampling, "visual.attnpool.positional_embedding"),
      width: width, blocks: blocks, heads: 0,
      projection: try shape("visual.attnpool.c_proj.weight", rank: 2)[0], epsilon: 0)
  }

  private func stack(width: Int, below prefix: String) throws(ModelError) -> TransformerStack {
    let layers = try count(prefix)
    let hidden = try shape(prefix + "0.mlp.c_fc.weight", rank: 2)[0]
    return TransformerStack(
      width: width, layers: layers, heads: 0, mlpWidth: hidden, activation: .gelu, epsilon: 0)
  }

  /// The number of blocks below a prefix: the highest index plus one, so that a gap is reported as missing tensors.
  private func count(_ prefix: String) throws(ModelError) -> Int {
    var highest = -1
    for name in bindings.byName.keys where name.hasPrefix(prefix) {
      let digits = name.dropFirst(prefix.count).prefix { $0 != "." }
      guard let index = Int(digits), index < Self.blockLimit else {
        throw ModelError(.impossibleShape, tensor: name, expected: "a block number below \(Self.blockLimit)")
      }
      highest = max(highest, index)
    }
    guard highest >= 0 else { throw ModelError(.missingTensors, found: prefix + "0 and all others") }
    return highest + 1
  }

  /// The most blocks that bundles allow. Also bounds the schema that a malicious name could cause.
  private static let blockLimit = 256
  /// The largest extent that bundles allow, except for the vocabulary.
  private static let imageSizeLimit = 4096

  private func shape(_ name: String, rank: Int) throws(ModelError) -> [Int] {
    guard let binding = bindings.byName[name] else { throw ModelError(.missingTensors, found: name) }
    guard binding.shape.count == rank, binding.shape.allSatisfy({ $0 > 0 }) else {
      throw impossible(name, "rank \(rank) without an empty axis")
    }
    return binding.shape
  }

  private func projection(_ name: String) throws(ModelError) -> Int? {
    bindings.byName[name] == nil ? nil : try shape(name, rank: 2)[1]
  }

  private func side(of positions: Int, _ name: String) throws(ModelError) -> Int {
    let side = Int(Double(max(positions, 0)).squareRoot().rounded())
    guard side > 0, side <= Self.imageSizeLimit, side * side == positions else {
      throw impossible(name, hasProbe ? "a square grid" : "one class position and a square grid")
    }
    return side
  }

  private func product(_ grid: Int, _ scale: Int, _ name: String) throws(ModelError) -> Int {
    let (size, overflow) = grid.multipliedReportingOverflow(by: scale)
    guard !overflow, size <= Self.imageSizeLimit else {
      throw impossible(name, "an image of at most \(Self.imageSizeLimit) pixels a side")
    }
    return size
  }

  private func impossible(_ name: String, _ expected: String) -> ModelError {
    let binding = bindings.byName[name]
    return ModelError(
      .impossibleShape, tensor: binding?.sourceNames ?? name, expected: expected,
      found: "\(binding?.shape ?? [])")
  }
}
