internal import Architecture
internal import ReferenceForward

// The transformer, in both towers.
extension Mistake {
  static let imageLayers = layers(of: .image, stack: "visual.transformer") + imageOnly + resNet

  static let textLayers = layers(of: .text, stack: "transformer.resblocks") + textOnly

  private static func layers(of tower: Tower, stack: String) -> [Mistake] {
    activations(tower) + attention(stack) + heads(tower) + norms(tower)
      + [
        Mistake(
          "depth-one-less", .depth, "takes the hidden state before the last block (layer −2)",
          if: \.hasBlocks
        ) { $0.change(tower) { $0.layers -= 1 } },
        Mistake(
          "weights-no-bias", .weights, "leaves out the biases of linear layers", if: \.hasBlocks
        ) {
          $0.model.weights.append(
            .constant(0) { $0.hasPrefix(stack) && $0.hasSuffix("bias") && !$0.contains(".ln_") })
        },
        Mistake(
          "weights-transposed-out", .weights,
          "reads the attention's output projection with rows and columns exchanged",
          if: \.hasBlocks
        ) {
          $0.model.weights.append(
            .transposed { $0.hasPrefix(stack) && $0.hasSuffix("attn.out_proj.weight") })
        },
      ]
  }

  private static func activations(_ tower: Tower) -> [Mistake] {
    Activation.allCases.map { activation in
      let (id, name) = activation.spelling
      return Mistake(
        "activation-\(id)", .activation, "computes the MLPs with \(name)",
        if: { $0.stack.map { $0.activation != activation } ?? false },
        change: { $0.change(tower) { $0.activation = activation } })
    }
  }

  private static func attention(_ stack: String) -> [Mistake] {
    func blocks(_ id: String, _ words: String, _ order: [Int]) -> Mistake {
      Mistake(id, .attention, words, if: \.hasBlocks) {
        $0.model.weights.append(.attentionBlocks(order, in: stack))
      }
    }
    return [
      blocks("attention-q-k", "exchanges queries and keys", [1, 0, 2]),
      blocks("attention-q-v", "exchanges queries and values", [2, 1, 0]),
      blocks("attention-k-v", "exchanges keys and values", [0, 2, 1]),
      blocks(
        "attention-kvq", "reads queries, keys and values in the order keys, values, queries", [1, 2, 0]),
      blocks(
        "attention-vqk", "reads queries, keys and values in the order values, queries, keys", [2, 0, 1]),
      Mistake(
        "attention-interleaved", .attention, "reads queries, keys and values as if they alternated by head",
        if: \.hasBlocks
      ) { trial in
        let heads =
          (stack.hasPrefix("visual")
            ? trial.model.architecture.image?.heads : trial.model.architecture.text?.stack.heads) ?? 1
        trial.model.weights.append(.interleavedHeads(heads, in: stack))
      },
      Mistake("attention-no-scale", .attention, "does not divide attention scores by √d") {
        $0.model.departures.attentionScale = .none
      },
      Mistake(
        "attention-width-scale", .attention, "divides attention scores by the root of the complete width"
      ) {
        $0.model.departures.attentionScale = .width
      },
    ]
  }

  /// Numbers of heads that ports assume: from a usual size of a head, or as in a usual model.
  private static func heads(_ tower: Tower) -> [Mistake] {
    [12, 8, 16, 4, 2, 6, 24, 1].map { count in
      Mistake(
        "heads-\(count)", .heads, "computes attention with \(count) head\(count == 1 ? "" : "s")",
        if: { $0.mayHave(heads: count) }, change: { $0.setHeads(count, tower) })
    }
  }

  private static func norms(_ tower: Tower) -> [Mistake] {
    [(id: "1e-6", value: Float(1e-6)), ("1e-12", 1e-12), ("1e-5", 1e-5), ("1e-3", 1e-3)].map { choice in
      Mistake(
        "norms-epsilon-\(choice.id)", .norms, "normalizes with epsilon \(choice.id)",
        if: { $0.epsilon != choice.value },
        change: { trial in
          switch tower {
          case .image: trial.model.architecture.image?.epsilon = choice.value
          case .text: trial.model.architecture.text?.stack.epsilon = choice.value
          }
        })
    }
      + [
        Mistake(
          "norms-final-missing", .norms,
          tower == .image
            ? "leaves out the last LayerNorm (ln_post)" : "leaves out the last LayerNorm (ln_final)",
          if: \.hasBlocks
        ) { $0.model.departures.omitsPostNorm = true }
      ]
  }
}

extension Activation {
  fileprivate var spelling: (id: String, name: String) {
    switch self {
    case .quickGELU: ("quickgelu", "QuickGELU, x · sigmoid(1.702 x)")
    case .gelu: ("gelu", "GELU (erf)")
    case .geluTanh: ("gelu-tanh", "GELU's tanh approximation")
    }
  }
}

extension Trial {
  /// Changes the tower's stack.
  mutating func change(_ tower: Tower, _ body: (inout TransformerStack) -> Void) {
    switch tower {
    case .image:
      guard var stack = model.architecture.image?.trunk.stack else { return }
      body(&stack)
      model.architecture.image?.trunk.stack = stack
    case .text:
      guard var stack = model.architecture.text?.stack else { return }
      body(&stack)
      model.architecture.text?.stack = stack
    }
  }

  fileprivate mutating func setHeads(_ count: Int, _ tower: Tower) {
    switch tower {
    case .image: model.architecture.image?.heads = count
    case .text: model.architecture.text?.stack.heads = count
    }
  }
}
