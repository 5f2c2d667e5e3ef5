internal import Architecture

/// The text encoder. B texts of C ids, W channels, E embedding dimensions.
struct TextGraph {
  var tower: TextTower

  /// text `[B, C]` → `[B, E]`, or `[B, W]` for a tower without projection
  func build(in builder: inout ONNXGraphBuilder) {
    let (count, width) = (tower.contextLength, tower.stack.width)
    let text = builder.input("text", .int32, [count])
    let rows = builder.rows(of: "token_embedding.weight", at: text, itemShape: [count])  // [B, C, W]
    let placed = builder.add(.add, [rows, builder.parameter("positional_embedding")], "placed")
    let stream = builder.add(.reshape, [placed, builder.integers([-1, width])], "stream")  // [B·C, W]
    let transformer = TransformerGraph(
      stack: tower.stack, name: "transformer", tokenCount: count,
      mask: tower.isCausal ? causalMask(&builder) : nil)
    let encoded = builder.add(  // [B, C, W]
      .reshape, [transformer.apply(to: stream, in: &builder), builder.integers([-1, count, width])], "encoded"
    )
    let last = endState(of: encoded, text, &builder)  // [B, W]
    let pooled = builder.layerNorm(last, "ln_final", epsilon: tower.stack.epsilon)
    guard let projection = tower.projection else {
      return builder.finish(pooled, isEmbedding: false, width: width)
    }
    var embedding = builder.add(.matMul, [pooled, builder.parameter("text_projection")], "projected")
    if tower.hasProjectionBias {
      embedding = builder.add(
        .add, [embedding, builder.parameter("text_projection.bias")], "projected.biased")
    }
    builder.finish(embedding, isEmbedding: true, width: projection)
  }

  /// 0 where a token attends, far below any score elsewhere. The value is finite, so that no row is all −∞ after
  /// rounding to FP16.
  private func causalMask(_ builder: inout ONNXGraphBuilder) -> String {
    let count = tower.contextLength
    return builder.constant(
      "causal_mask", .float, [count, count],
      [UInt8](
        floats: (0..<count * count).map { index in
          index % count > index / count ? -Float.greatestFiniteMagnitude : 0
        }))
  }

  /// The hidden state that represents the text: encoded `[B, C, W]` → `[B, W]`. It is at the first occurrence of the
  /// highest id, or of the tower's own id (position 0 if it does not occur), or at the last position.
  private func endState(of encoded: String, _ text: String, _ builder: inout ONNXGraphBuilder) -> String {
    switch tower.pooling {
    case .highestID: return state(of: encoded, where: text, &builder)
    case .firstID(let id):
      let found = builder.add(.equal, [text, builder.tokenID(id)], "end_position.found")
      let ranked = builder.add(
        .cast, [found], "end_position.ranked", [.integer("to", ONNXElementType.int32.rawValue)])
      return state(of: encoded, where: ranked, &builder)
    case .last:
      let position = builder.index(tower.contextLength - 1)
      return builder.add(.gather, [encoded, position], "end_state", [.integer("axis", 1)])
    }
  }

  /// The state at the first of the largest values of `ranked`.
  private func state(
    of encoded: String, where ranked: String, _ builder: inout ONNXGraphBuilder
  ) -> String {
    let largest = builder.add(
      .argMax, [ranked], "end_position",
      [.integer("axis", 1), .integer("keepdims", 0), .integer("select_last_index", 0)])
    let position = builder.add(.unsqueeze, [largest, builder.integers([1])], "end_position.column")
    return builder.add(.gatherND, [encoded, position], "end_state", [.integer("batch_dims", 1)])
  }
}
