internal import Architecture
internal import Models
internal import ReferenceForward
internal import Verification

/// The items of one tower that sensitivities are measured on.
struct MeasuredItems {
  let tower: Tower
  let count: Int
  /// Values of an item's largest layer.
  let largestLayer: Int
  /// Embeddings of the items, or of all copies.
  let encode: (ReferenceForward) throws(ModelError) -> Tensor

  /// Multiply-adds that measuring a tower takes, about. Towers whose single item needs more get one item.
  private static let affordableMultiplyAdds = 1_500_000_000_000
  private static let mostImages = 8
  private static let mostTexts = 16

  /// Some images of a set; nil if it has none.
  static func images(
    of set: ProbeSet, _ tower: ImageTower, _ model: CLIPModel
  ) throws(VerificationError) -> MeasuredItems? {
    let count = affordable(tower.multiplyAdds, .image, model, atMost: mostImages)
    let chosen = ProbeSet(name: set.id, images: set.images.spread(count), texts: [])
    let pixels = try ReferencePath(model: model, request: ReferenceRequest(.portable)).prepare(chosen).pixels
    guard !pixels.isEmpty else { return nil }
    let size = tower.imageSize
    let batch = Tensor([pixels.count, 3, size, size], pixels.flatMap { $0 })
    return MeasuredItems(
      .image, count: pixels.count, largestLayer: tower.largestLayer
    ) { forward throws(ModelError) in try forward.encodeImages(batch) }
  }

  /// Some texts of a set, cut at the longest one's end; nil if it has none.
  static func texts(
    of set: ProbeSet, _ tower: TextTower, _ model: CLIPModel
  ) throws(VerificationError) -> MeasuredItems? {
    let chosen = ProbeSet(name: set.id, images: [], texts: set.texts.spread(mostTexts))
    let path = ReferencePath(model: model, request: ReferenceRequest(.portable))
    var ids = try path.prepare(chosen).ids
    guard !ids.isEmpty else { return nil }
    let longest = tower.longestEnd(of: ids)
    let cost = tower.stack.multiplyAdds(tokens: longest)
    ids = ids.spread(affordable(cost, .text, model, atMost: ids.count))
    let length = tower.longestEnd(of: ids)
    let cut = ids.map { Array($0[..<length]) }
    return MeasuredItems(
      .text, count: ids.count, largestLayer: tower.stack.largestLayer(tokens: length)
    ) { forward throws(ModelError) in try forward.encodeTexts(cut: cut) }
  }

  private init(
    _ tower: Tower, count: Int, largestLayer: Int,
    encode: @escaping (ReferenceForward) throws(ModelError) -> Tensor
  ) {
    self.tower = tower
    self.count = count
    self.largestLayer = largestLayer
    self.encode = encode
  }

  /// Each matrix changes twice, and a change runs half of the tower on average.
  private static func affordable(_ multiplyAdds: Int, _ tower: Tower, _ model: CLIPModel, atMost count: Int)
    -> Int
  {
    let matrices = model.schema.parameters.count { $0.tower == tower && $0.isRounded }
    return min(count, max(1, affordableMultiplyAdds / max(1, multiplyAdds * matrices)))
  }
}

extension TextTower {
  /// The number of tokens up to the last pooled one.
  fileprivate func longestEnd(of ids: [[Int32]]) -> Int {
    ids.map { pooledPosition(of: $0) + 1 }.reduce(1, max)
  }
}

extension Parameter {
  /// Whether int8 bundles round it.
  var isRounded: Bool {
    switch role {
    case .linear, .projection, .convolution, .tokenTable: true
    case .positions, .vector, .batchNorm, .logitScale, .logitBias: false
    }
  }
}
