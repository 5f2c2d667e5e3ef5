internal import Architecture
internal import Checkpoints

extension StatedFacts {
  /// The settings that the operations of an exported graph show. They are reliable, because the graph computes what
  /// the module computed.
  static func graph(_ graph: GraphFacts, sizes: CLIPArchitecture) -> StatedFacts {
    var facts = StatedFacts()
    facts.image = tower(graph.image)
    facts.text = tower(graph.text)
    facts.pooling = graph.text.pooling.map { pooling in
      Stated(
        TextPooling(pooling, vocabularySize: sizes.text?.vocabularySize), .evidence,
        "operations of the ONNX graph")
    }
    return facts
  }

  private static func tower(_ tower: GraphFacts.Tower) -> TowerFacts {
    var facts = TowerFacts()
    facts.heads = tower.heads.map { Stated($0, .evidence, "attention of the ONNX graph") }
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

extension TextPooling {
  /// The first occurrence of the vocabulary's last id is the first occurrence of the highest id.
  fileprivate init(_ shown: GraphFacts.TextPooling, vocabularySize: Int?) {
    switch shown {
    case .highestID: self = .highestID
    case .firstID(let id): self = id + 1 == vocabularySize ? .highestID : .firstID(id)
    }
  }
}
