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
    try codec.optional("image.projection", &projection, ArchitectureLimit.projection)
    try codec.require(patches.patchSize <= imageSize, "image.patch_size")
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
    var pooledID = pooling.pooledID
    try codec.optional("text.pooled_id", &pooledID, 0...(ArchitectureLimit.vocabulary.upperBound - 1))
    pooling = pooledID.map { .firstID($0) } ?? .highestID
    try codec.optional("text.projection", &projection, ArchitectureLimit.projection)
    try codec.require((pooledID ?? 0) < vocabularySize, "text.pooled_id")
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
