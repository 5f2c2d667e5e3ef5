extension NamingConvention {
  /// transformers' `FlaxCLIPModel` and its single towers. The names equal those of the PyTorch classes, except that
  /// linear layers and convolutions have `kernel`, norms `scale`, tables `embedding`.
  static let huggingFaceFlax = NamingConvention(
    name: "Hugging Face Flax", library: .huggingFace,
    markers: [
      "text_model.embeddings.token_embedding.embedding", "vision_model.embeddings.patch_embedding.kernel",
    ],
    rows: flaxTextRows + flaxVisionRows + [
      // A kernel is [width, embedding], like OpenAI's projections.
      NameRow("text_projection.kernel", "text_projection"),
      NameRow("visual_projection.kernel", "visual.proj"),
      NameRow("logit_scale", "logit_scale"),
    ])

  private static let flaxTextRows =
    [
      NameRow("text_model.embeddings.token_embedding.embedding", "token_embedding.weight"),
      NameRow("text_model.embeddings.position_embedding.embedding", "positional_embedding"),
    ] + flaxNorm("text_model.final_layer_norm", "ln_final")
    + flaxBlock("text_model.encoder.layers.{}", "transformer.resblocks.{}")

  private static let flaxVisionRows =
    [
      NameRow("vision_model.embeddings.class_embedding", "visual.class_embedding"),
      NameRow("vision_model.embeddings.patch_embedding.kernel", "visual.conv1.weight", .fromHWIO),
      NameRow("vision_model.embeddings.position_embedding.embedding", "visual.positional_embedding"),
    ] + flaxNorm("vision_model.pre_layrnorm", "visual.ln_pre")
    + flaxNorm("vision_model.post_layernorm", "visual.ln_post")
    + flaxBlock("vision_model.encoder.layers.{}", "visual.transformer.resblocks.{}")

  private static func flaxBlock(_ source: String, _ block: String) -> [NameRow] {
    let attention = source + ".self_attn."
    let projections = NameRow.fusedAttention(
      ["q_proj", "k_proj", "v_proj"].map { attention + $0 }, weight: ".kernel", bias: ".bias", into: block,
      weightChange: .transposed)
    return projections + flaxNorm(source + ".layer_norm1", block + ".ln_1")
      + flaxLinear(attention + "out_proj", block + ".attn.out_proj")
      + flaxNorm(source + ".layer_norm2", block + ".ln_2")
      + flaxLinear(source + ".mlp.fc1", block + ".mlp.c_fc")
      + flaxLinear(source + ".mlp.fc2", block + ".mlp.c_proj")
  }

  static func flaxNorm(_ source: String, _ norm: String) -> [NameRow] {
    [NameRow(source + ".scale", norm + ".weight"), NameRow(source + ".bias", norm + ".bias")]
  }

  static func flaxLinear(_ source: String, _ linear: String) -> [NameRow] {
    [
      NameRow(source + ".kernel", linear + ".weight", .transposed),
      NameRow(source + ".bias", linear + ".bias"),
    ]
  }
}
