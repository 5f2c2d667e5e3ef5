import Architecture

/// Extents that no published model exceeds. The reader rejects a header that states more before it computes anything
/// from it. The limits also keep every sum of int8 products within 32 bits: at most 65,536 inputs with signed
/// activations, 36,864 (3 × 3 of 8 widths) with unsigned ones.
enum ArchitectureLimit {
  static let imageSize = 1...4096
  static let patchSize = 1...128
  static let width = 1...16_384
  static let layers = 1...256
  static let heads = 1...256
  static let mlpWidth = 1...65_536
  static let projection = 1...16_384
  static let contextLength = 2...4096
  static let vocabulary = 4...2_097_152
  static let resNetWidth = 2...512
}

extension ImageTower {
  /// A placeholder that the following fields fill.
  static var unread: ImageTower {
    ImageTower(imageSize: 0, trunk: .patches(.unread), pool: .classToken, projection: nil)
  }

  mutating func visitHeaderFields<Codec: FieldCodec>(_ codec: inout Codec) throws(BundleFault) {
    var kind = ImageTowerKind(trunk)
    try codec.choice("image.kind", &kind)
    try codec.integer("image.size", &imageSize, ArchitectureLimit.imageSize)
    switch kind {
    case .vit: try visitPatchFields(&codec)
    case .resnet: try visitResNetFields(&codec)
    }
  }

  @inline(never)
  private mutating func visitPatchFields<Codec: FieldCodec>(_ codec: inout Codec) throws(BundleFault) {
    var patches = if case .patches(let known) = trunk { known } else { PatchTrunk.unread }
    try patches.visitHeaderFields(&codec)
    trunk = .patches(patches)
    try visitPoolFields(&codec, patches)
    try codec.optional("image.projection", &projection, ArchitectureLimit.projection)
    try codec.require(patches.patchSize <= imageSize, "image.patch_size")
    // The probe's output is the embedding.
    try codec.require(projection == nil || pool == .classToken, "image.projection")
  }

  private mutating func visitPoolFields<Codec: FieldCodec>(
    _ codec: inout Codec, _ patches: PatchTrunk
  ) throws(BundleFault) {
    var kind = PatchPoolKind(pool)
    try codec.choice("image.pool", &kind)
    let known: ProbePool? = if case .probe(let probe) = pool { probe } else { nil }
    var (heads, mlpWidth) = (known?.heads, known?.mlpWidth)
    try codec.optional("image.pool_heads", &heads, ArchitectureLimit.heads)
    try codec.optional("image.pool_mlp_width", &mlpWidth, ArchitectureLimit.mlpWidth)
    switch kind {
    case .classToken:
      pool = .classToken
      try codec.require(patches.prefix == .classToken, "image.pool")
      try codec.require(heads == nil, "image.pool_heads")
      try codec.require(mlpWidth == nil, "image.pool_mlp_width")
    case .probe:
      try codec.require(heads.map { patches.stack.width % $0 == 0 } ?? false, "image.pool_heads")
      try codec.require(mlpWidth != nil, "image.pool_mlp_width")
      pool = .probe(ProbePool(heads: heads ?? 0, mlpWidth: mlpWidth ?? 0))
    }
  }

  @inline(never)
  private mutating func visitResNetFields<Codec: FieldCodec>(_ codec: inout Codec) throws(BundleFault) {
    var resNet = if case .resNet(let known) = trunk { known } else { ResNetTrunk.unread }
    try resNet.visitBlocks(&codec)
    var heads = pool.heads ?? 0
    try codec.integer("image.heads", &heads, ArchitectureLimit.heads)
    trunk = .resNet(resNet)
    pool = .attention(AttentionPool(heads: heads))
    var outputs = projection ?? 0
    try codec.integer("image.projection", &outputs, ArchitectureLimit.projection)
    projection = outputs
    try codec.require(resNet.stemWidth % 2 == 0, "image.width")
    try codec.require(
      imageSize >= ResNetTrunk.downsampling && imageSize % ResNetTrunk.downsampling == 0, "image.size")
    try codec.require(resNet.outputWidth % heads == 0, "image.heads")
  }
}

/// The pools of Vision Transformers as bundles name them.
enum PatchPoolKind: UInt8, CaseIterable {
  case classToken, probe

  init(_ pool: ImagePool) {
    switch pool {
    // A ResNet's pool has no field.
    case .classToken, .attention: self = .classToken
    case .probe: self = .probe
    }
  }
}

/// The kinds of image tower as bundles name them; the first line of a tower's identity.
enum ImageTowerKind: UInt8, CaseIterable {
  case vit, resnet

  init(_ trunk: ImageTrunk) {
    switch trunk {
    case .patches: self = .vit
    case .resNet: self = .resnet
    }
  }
}

extension PatchTrunk {
  static var unread: PatchTrunk { PatchTrunk(patchSize: 0, stack: .unread) }

  mutating func visitHeaderFields<Codec: FieldCodec>(_ codec: inout Codec) throws(BundleFault) {
    try codec.integer("image.patch_size", &patchSize, ArchitectureLimit.patchSize)
    try codec.flag("image.patch_bias", &hasPatchBias)
    try codec.choice("image.prefix", &prefix)
    try codec.flag("image.pre_norm", &hasPreNorm)
    try stack.visitHeaderFields(
      &codec, width: "image.width", layers: "image.layers", heads: "image.heads", mlpWidth: "image.mlp_width",
      activation: "image.activation")
  }
}

extension ResNetTrunk {
  static var unread: ResNetTrunk { ResNetTrunk(stemWidth: 0, blocks: Blocks(0, 0, 0, 0), epsilon: 0) }

  mutating func visitBlocks<Codec: FieldCodec>(_ codec: inout Codec) throws(BundleFault) {
    try codec.integer("image.width", &stemWidth, ArchitectureLimit.resNetWidth)
    try codec.integer("image.blocks.1", &blocks.stage1, ArchitectureLimit.layers)
    try codec.integer("image.blocks.2", &blocks.stage2, ArchitectureLimit.layers)
    try codec.integer("image.blocks.3", &blocks.stage3, ArchitectureLimit.layers)
    try codec.integer("image.blocks.4", &blocks.stage4, ArchitectureLimit.layers)
  }
}

extension TransformerStack {
  static var unread: TransformerStack {
    TransformerStack(width: 0, layers: 0, heads: 0, mlpWidth: 0, activation: .gelu, epsilon: 0)
  }

  mutating func visitHeaderFields<Codec: FieldCodec>(
    _ codec: inout Codec, width widthKey: StaticString, layers layersKey: StaticString,
    heads headsKey: StaticString, mlpWidth mlpWidthKey: StaticString,
    activation activationKey: StaticString
  ) throws(BundleFault) {
    try codec.integer(widthKey, &width, ArchitectureLimit.width)
    try codec.integer(layersKey, &layers, ArchitectureLimit.layers)
    try codec.integer(headsKey, &heads, ArchitectureLimit.heads)
    try codec.integer(mlpWidthKey, &mlpWidth, ArchitectureLimit.mlpWidth)
    try codec.choice(activationKey, &activation)
    try codec.require(width % heads == 0, headsKey)
  }
}

extension TextTower {
  static var unread: TextTower {
    TextTower(
      contextLength: 0, vocabularySize: 0, stack: .unread, pooling: .highestID, projection: nil)
  }

  mutating func visitHeaderFields<Codec: FieldCodec>(_ codec: inout Codec) throws(BundleFault) {
    try codec.integer("text.context_length", &contextLength, ArchitectureLimit.contextLength)
    try codec.integer("text.vocabulary", &vocabularySize, ArchitectureLimit.vocabulary)
    try stack.visitHeaderFields(
      &codec, width: "text.width", layers: "text.layers", heads: "text.heads", mlpWidth: "text.mlp_width",
      activation: "text.activation")
    try codec.flag("text.causal", &isCausal)
    try visitPoolingFields(&codec)
    try codec.optional("text.projection", &projection, ArchitectureLimit.projection)
    try codec.flag("text.projection_bias", &hasProjectionBias)
    try codec.require(projection != nil || !hasProjectionBias, "text.projection_bias")
  }

  private mutating func visitPoolingFields<Codec: FieldCodec>(_ codec: inout Codec) throws(BundleFault) {
    var kind = TextPoolingKind(pooling)
    try codec.choice("text.pooling", &kind)
    var id = pooling.namedID
    try codec.optional("text.pooled_id", &id, 0...(ArchitectureLimit.vocabulary.upperBound - 1))
    try codec.require((id ?? 0) < vocabularySize, "text.pooled_id")
    try codec.require((id == nil) == (kind != .firstID), "text.pooled_id")
    switch kind {
    case .highestID: pooling = .highestID
    case .last: pooling = .last
    case .firstID: pooling = .firstID(id ?? 0)
    }
  }
}

/// The rules of pooling a text as bundles name them.
enum TextPoolingKind: UInt8, CaseIterable {
  case highestID, firstID, last

  init(_ pooling: TextPooling) {
    switch pooling {
    case .highestID: self = .highestID
    case .firstID: self = .firstID
    case .last: self = .last
    }
  }
}

extension Preprocessing {
  mutating func visitHeaderFields<Codec: FieldCodec>(_ codec: inout Codec) throws(BundleFault) {
    try codec.choice("preprocess.resize", &resize)
    try codec.choice("preprocess.interpolation", &interpolation)
    try codec.choice("preprocess.crop", &crop)
    try codec.choice("preprocess.conversion", &conversion)
    try codec.optional("preprocess.resize_edge", &resizeEdge, ArchitectureLimit.imageSize)
    try codec.choice("preprocess.backend", &backend)
    try codec.choice("preprocess.alpha", &alpha)
  }

  /// torchvision resizes tensors, which are already RGB. The FP32 path only exists for bilinear resizing.
  var backendFits: Bool {
    switch backend {
    case .pillow: true
    case .torchvision: conversion == .beforeResize
    case .torchvisionFloat: conversion == .beforeResize && interpolation == .bilinear
    }
  }

  /// Compositing on white happens before resizing, and the result is already RGB.
  var alphaFits: Bool { alpha == .drop || conversion == .beforeResize }

  /// Whether a crop of `imageSize` fits into the resized edge and the other rules allow an edge.
  func fits(imageSize: Int) -> Bool {
    guard let resizeEdge else { return true }
    return resizeEdge > imageSize && resize == .shortest && conversion == .beforeResize
  }
}
