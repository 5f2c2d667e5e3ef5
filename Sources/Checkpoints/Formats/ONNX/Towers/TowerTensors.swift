internal import Archives

/// The tensors of the towers under the names of OpenAI's modules, or of Hugging Face's if queries, keys and values
/// are separate layers. The graph's own names do not matter.
struct TowerTensors {
  private(set) var tensors: [CheckpointTensor] = []
  private(set) var dequantizedCount = 0
  private(set) var foldedNormCount = 0
  /// Initializers that tensors use.
  private(set) var used: Set<String> = []
  private let file: String

  init(_ towers: TowerReader, file: String) throws(ReadError) {
    self.file = file
    let transformers = [towers.image, towers.text].compactMap { $0 }
    let isFused = transformers.allSatisfy { tower in
      let width = tower.postNorm.weight.count
      return tower.stack.blocks.allSatisfy { $0.attention.isFused(width: width) }
    }
    if let resNet = towers.resNet {
      guard isFused else {
        throw ReadError(
          .onnxUnclaimedNode,
          expected: "one layer for queries, keys and values of a text tower beside a ResNet",
          found: "three")
      }
      try add(resNet)
    }
    if let image = towers.image {
      isFused ? try addOpenAI(image, "visual.") : try addHuggingFace(image, "vision")
    }
    if let text = towers.text { isFused ? try addOpenAI(text, "") : try addHuggingFace(text, "text") }
    if let scale = towers.logitScale {
      tensors.append(try CheckpointTensor(computed: Float(scale), shape: [], name: "logit_scale", file: file))
    }
  }

  // MARK: Parts

  private mutating func add(_ name: String, _ constant: GraphConstant) throws(ReadError) {
    tensors.append(try constant.tensor(name, file: file))
    if !constant.origin.isEmpty { used.insert(constant.origin) }
    if constant.isDequantized { dequantizedCount += 1 }
  }

  private mutating func add(_ name: String, transposed matrix: GraphConstant) throws(ReadError) {
    guard let layout = matrix.layout.permuted([1, 0]) else { return }
    try add(name, matrix.viewed(layout))
  }

  private mutating func add(_ name: String, _ norm: TermReader.LayerNorm) throws(ReadError) {
    try add(name + ".weight", norm.weight)
    try add(name + ".bias", norm.bias)
  }

  private mutating func add(_ name: String, _ linear: TermReader.Linear) throws(ReadError) {
    try add(name + ".weight", transposed: linear.matrix)
    try add(name + ".bias", linear.bias)
  }

  /// Channels of a linear layer's output.
  private func part(_ linear: TermReader.Linear, _ channels: Range<Int>) -> TermReader.Linear {
    var part = linear
    if let layout = linear.matrix.layout.slicing(1, channels) { part.matrix = linear.matrix.viewed(layout) }
    if let layout = linear.bias.layout.slicing(0, channels) { part.bias = linear.bias.viewed(layout) }
    return part
  }

  // MARK: OpenAI

  private mutating func addOpenAI(_ tower: TowerReader.Transformer, _ prefix: String) throws(ReadError) {
    let isImage = !prefix.isEmpty
    for (name, constant) in zip(
      isImage ? ["visual.class_embedding", "visual.conv1.weight"] : ["token_embedding.weight"],
      tower.embeddings)
    {
      try add(name, constant)
    }
    try add(prefix + "positional_embedding", tower.positions)
    if let norm = tower.preNorm { try add(prefix + "ln_pre", norm) }
    for (index, block) in tower.stack.blocks.enumerated() {
      let name = "\(prefix)transformer.resblocks.\(index)."
      try add(name + "ln_1", block.attentionNorm)
      let fused = block.attention.parts[0].layer
      try add(name + "attn.in_proj_weight", transposed: fused.matrix)
      try add(name + "attn.in_proj_bias", fused.bias)
      try add(name + "attn.out_proj", block.attention.output)
      try add(name + "ln_2", block.mlpNorm)
      try add(name + "mlp.c_fc", block.hidden)
      try add(name + "mlp.c_proj", block.output)
    }
    try add(isImage ? "visual.ln_post" : "ln_final", tower.postNorm)
    if let projection = tower.projection { try add(isImage ? "visual.proj" : "text_projection", projection) }
  }

  private mutating func add(_ resNet: ResNetReader) throws(ReadError) {
    for (index, layer) in resNet.stem.enumerated() {
      try add(layer, "visual.conv\(index + 1)", "visual.bn\(index + 1)")
    }
    var stage = 0
    var number = 0
    for block in resNet.blocks {
      if block.shortcut != nil { (stage, number) = (stage + 1, 0) }
      let name = "visual.layer\(stage).\(number)"
      guard stage > 0, block.shortcut == nil || block.halves == (stage > 1) else {
        throw ReadError(.onnxUnclaimedNode, expected: "stages of bottlenecks that halve the map", found: name)
      }
      for (index, layer) in block.layers.enumerated() {
        try add(layer, "\(name).conv\(index + 1)", "\(name).bn\(index + 1)")
      }
      if let shortcut = block.shortcut { try add(shortcut, name + ".downsample.0", name + ".downsample.1") }
      number += 1
    }
    guard stage == 4 else {
      throw ReadError(.onnxUnclaimedNode, expected: "four stages of bottlenecks", found: "\(stage)")
    }
    try add("visual.attnpool.positional_embedding", resNet.positions)
    for (letter, own) in zip(["q", "k", "v"], resNet.pool.parts) {
      let width = resNet.pool.output.matrix.shape[0]
      try add("visual.attnpool.\(letter)_proj", part(own.layer, own.first..<own.first + width))
    }
    try add("visual.attnpool.c_proj", resNet.pool.output)
  }

  private mutating func add(_ layer: ResNetReader.Layer, _ name: String, _ norm: String) throws(ReadError) {
    try add(name + ".weight", layer.kernel)
    if layer.norm.count == 1 {
      tensors += try FoldedNorm.tensors(norm, bias: try layer.norm[0].tensor(norm + ".bias", file: file))
      used.insert(layer.norm[0].origin)
      foldedNormCount += 1
    } else {
      for (part, constant) in zip(["weight", "bias", "running_mean", "running_var"], layer.norm) {
        try add("\(norm).\(part)", constant)
      }
    }
  }

  // MARK: Hugging Face

  private mutating func addHuggingFace(_ tower: TowerReader.Transformer, _ kind: String) throws(ReadError) {
    let isImage = kind == "vision"
    let model = kind + "_model."
    for (name, constant) in zip(
      isImage ? ["class_embedding", "patch_embedding.weight"] : ["token_embedding.weight"], tower.embeddings)
    {
      try add("\(model)embeddings.\(name)", constant)
    }
    try add(model + "embeddings.position_embedding.weight", tower.positions)
    if let norm = tower.preNorm { try add(model + "pre_layrnorm", norm) }
    for (index, block) in tower.stack.blocks.enumerated() {
      let name = "\(model)encoder.layers.\(index)."
      try add(name + "layer_norm1", block.attentionNorm)
      let width = block.attention.output.matrix.shape[0]
      for (letter, own) in zip(["q", "k", "v"], block.attention.parts) {
        try add("\(name)self_attn.\(letter)_proj", part(own.layer, own.first..<own.first + width))
      }
      try add(name + "self_attn.out_proj", block.attention.output)
      try add(name + "layer_norm2", block.mlpNorm)
      try add(name + "mlp.fc1", block.hidden)
      try add(name + "mlp.fc2", block.output)
    }
    try add(model + (isImage ? "post_layernorm" : "final_layer_norm"), tower.postNorm)
    if let projection = tower.projection {
      try add(isImage ? "visual_projection.weight" : "text_projection.weight", transposed: projection)
    }
  }
}
