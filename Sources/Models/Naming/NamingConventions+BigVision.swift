extension NamingConvention {
  /// big_vision's two towers (`two_towers.py`, of `vit.py` and `text_transformer.py`), the form in which SigLIP and SigLIP 2 were
  /// published first. Attention kernels have an axis of heads; `Checkpoint.kernelHeads` reads it.
  static let bigVision = NamingConvention(
    // Configurations of the same weights come from transformers: big_vision writes none.
    name: "big_vision", library: .huggingFace,
    markers: ["img.embedding.kernel", "txt.Embed_0.embedding"],
    hasCausalText: false,
    rows: bigVisionImageRows + bigVisionTextRows + [
      NameRow("t", "logit_scale"),
      NameRow("b", "logit_bias"),
    ])

  private static let bigVisionImageRows =
    [
      NameRow("img.embedding.kernel", "visual.conv1.weight", .fromHWIO),
      NameRow("img.embedding.bias", "visual.conv1.bias"),
      NameRow("img.pos_embedding", "visual.positional_embedding", .flattenedTable),
    ] + bigVisionEncoder("img.Transformer.", "visual.transformer.", norm: "visual.ln_post") + bigVisionPool

  private static let bigVisionPool: [NameRow] = {
    let (head, pool) = ("img.MAPHead_0.", "visual.attnpool.")
    var rows = [NameRow(head + "probe", pool + "probe", .flattenedVector)]
    for (source, projection) in [("query", "q_proj"), ("key", "k_proj"), ("value", "v_proj")] {
      let (kernel, bias) = (head + attention + source + ".kernel", head + attention + source + ".bias")
      rows.append(NameRow(kernel, pool + projection + ".weight", .fromHeadsOut))
      rows.append(NameRow(bias, pool + projection + ".bias", .flattenedHeads))
    }
    rows += attentionOutput(head, pool + "c_proj")
    rows += flaxNorm(head + "LayerNorm_0", pool + "ln")
    rows += bigVisionMLP(head, pool + "mlp.")
    return rows
  }()

  private static let bigVisionTextRows =
    [
      NameRow("txt.Embed_0.embedding", "token_embedding.weight"),
      NameRow("txt.pos_embedding", "positional_embedding", .flattenedTable),
      // A kernel is [width, embedding], like OpenAI's projections.
      NameRow("txt.head.kernel", "text_projection"),
      NameRow("txt.head.bias", "text_projection.bias"),
    ] + bigVisionEncoder("txt.Encoder_0.", "transformer.", norm: "ln_final")

  /// flax's name of the attention in a block or a pool.
  private static let attention = "MultiHeadDotProductAttention_0."

  private static func bigVisionEncoder(_ source: String, _ stack: String, norm: String) -> [NameRow] {
    let (layer, block) = (source + "encoderblock_{}.", stack + "resblocks.{}")
    return flaxNorm(source + "encoder_norm", norm)
      + flaxNorm(layer + "LayerNorm_0", block + ".ln_1")
      + NameRow.fusedAttention(
        ["query", "key", "value"].map { layer + attention + $0 }, weight: ".kernel", bias: ".bias",
        into: block,
        weightChange: .fromHeadsOut, biasChange: .flattenedHeads)
      + attentionOutput(layer, block + ".attn.out_proj")
      + flaxNorm(layer + "LayerNorm_1", block + ".ln_2")
      + bigVisionMLP(layer, block + ".mlp.")
  }

  private static func bigVisionMLP(_ source: String, _ mlp: String) -> [NameRow] {
    flaxLinear(source + "MlpBlock_0.Dense_0", mlp + "c_fc")
      + flaxLinear(source + "MlpBlock_0.Dense_1", mlp + "c_proj")
  }

  private static func attentionOutput(_ source: String, _ linear: String) -> [NameRow] {
    [
      NameRow(source + attention + "out.kernel", linear + ".weight", .fromHeadsIn),
      NameRow(source + attention + "out.bias", linear + ".bias"),
    ]
  }
}
