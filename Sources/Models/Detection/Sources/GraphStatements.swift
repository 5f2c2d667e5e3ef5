internal import Architecture
internal import Checkpoints

extension StatedFacts {
  /// What the operations of an exported graph show: they compute what the module computed.
  static func graph(_ graph: GraphFacts, sizes: CLIPArchitecture) -> StatedFacts {
    var facts = StatedFacts()
    facts.image = tower(graph.image, width: sizes.image?.attentionWidth)
    facts.text = tower(graph.text, width: sizes.text?.stack.width)
    return facts
  }

  private static func tower(_ tower: GraphFacts.Tower, width: Int?) -> TowerFacts {
    var facts = TowerFacts()
    if let width, let heads = tower.heads?.count(ofWidth: width) {
      facts.heads = Stated(heads, .evidence, "attention of the ONNX graph")
    }
    facts.activation = tower.activation.map {
      Stated(Activation($0), .evidence, "operations of the ONNX graph")
    }
    facts.epsilon = tower.epsilon.map { Stated($0, .evidence, "LayerNorm of the ONNX graph") }
    return facts
  }
}

extension Activation {
  fileprivate init(_ shown: GraphFacts.Activation) {
    switch shown {
    case .quickGELU: self = .quickGELU
    case .gelu: self = .gelu
    case .geluTanh: self = .geluTanh
    }
  }
}

extension AttentionHeads {
  /// Nil where they do not divide `width`.
  fileprivate func count(ofWidth width: Int) -> Int? {
    switch self {
    case .count(let heads): heads
    case .width(let channels): width.isMultiple(of: channels) ? width / channels : nil
    }
  }
}
