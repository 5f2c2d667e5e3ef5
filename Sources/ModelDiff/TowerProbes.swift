internal import Architecture
internal import Models
internal import ReferenceForward
internal import Verification

/// Built-in images or texts for one tower of two models.
struct TowerProbes {
  let tower: Tower
  let product: MatrixProduct
  /// For images: each model prepares them itself, because preprocessing can differ.
  private var images: [ProbeImage] = []
  /// For texts: the same ids for both models.
  private var ids: [[Int32]] = []

  /// Ids come from a tokenizer if one of the models has one. Otherwise they are generated for A.
  init(
    _ tower: Tower, _ a: CLIPModel, _ b: CLIPModel, _ probes: ProbeSet, _ product: MatrixProduct
  ) throws(VerificationError) {
    self.tower = tower
    self.product = product
    switch tower {
    case .image: images = probes.images
    case .text:
      let model = a.tokenizer == .none ? (b.tokenizer == .none ? a : b) : a
      let texts = ProbeSet(name: probes.id, images: [], texts: probes.texts)
      ids = try ReferencePath(model: model, request: ReferenceRequest()).prepare(texts).ids
    }
  }

  var count: Int { images.count + ids.count }

  /// Only some of the probes.
  func keeping(_ indices: [Int]) -> TowerProbes {
    var chosen = self
    chosen.images = tower == .image ? indices.map { images[$0] } : []
    chosen.ids = tower == .text ? indices.map { ids[$0] } : []
    return chosen
  }

  /// Multiply-adds of a pass over all probes.
  func multiplyAdds(_ architecture: CLIPArchitecture) -> Int { count * multiplyAddsOfOne(architecture) }

  func multiplyAddsOfOne(_ architecture: CLIPArchitecture) -> Int {
    switch tower {
    case .image: architecture.image?.multiplyAdds ?? 0
    case .text: architecture.text?.multiplyAdds ?? 0
    }
  }

  /// Embeddings, not normalized, in the order of the probes.
  func vectors(of model: CLIPModel) throws(VerificationError) -> Vectors {
    let path = ReferencePath(model: model, request: ReferenceRequest())
    var inputs = Inputs()
    switch tower {
    case .image: inputs.pixels = try path.prepare(ProbeSet(name: "chosen", images: images, texts: [])).pixels
    case .text: inputs.ids = ids
    }
    guard let vectors = try path.vectors(of: tower, inputs, by: product) else {
      throw .incomparable("\(model.source.fileName) has no \(tower) tower")
    }
    return vectors
  }
}

extension Vectors {
  /// The cosine of each row with the other's; −1 if it is not a number.
  func cosines(with other: Vectors) -> [Double] {
    (0..<count).map { index in
      var (product, squares, otherSquares) = (0.0, 0.0, 0.0)
      for (one, other) in zip(row(index), other.row(index)) {
        product += one * other
        squares += one * one
        otherSquares += other * other
      }
      if row(index).elementsEqual(other.row(index)) { return 1 }
      let cosine = product / (squares * otherSquares).squareRoot()
      return cosine.isFinite ? min(1, cosine) : -1
    }
  }

  func worstCosine(with other: Vectors) -> Double { cosines(with: other).reduce(1, min) }
}
