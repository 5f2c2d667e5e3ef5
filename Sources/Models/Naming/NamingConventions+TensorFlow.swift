extension NamingConvention {
  /// transformers' `TFCLIPModel`, `TFCLIPTextModel` and `TFCLIPVisionModel`. PyTorch's names with layers as
  /// `layers_._0`, matrices as kernels `[inputs, outputs]`, normalizations with gamma and beta. The reader removes
  /// the prefix.
  static let tensorFlow = NamingConvention(
    name: "Hugging Face TensorFlow", library: .huggingFace,
    markers: [
      "text_model/embeddings/token_embedding/weight:0", "vision_model/embeddings/class_embedding:0",
    ],
    rows: textRows + visionRows + [
      // A projection's kernel has the axes of OpenAI's projections.
      NameRow("text_projection/kernel:0", "text_projection"),
      NameRow("visual_projection/kernel:0", "visual.proj"),
      NameRow("logit_scale:0", "logit_scale"),
    ])

  private static let textRows =
    [
      NameRow("text_model/embeddings/token_embedding/weight:0", "token_embedding.weight"),
      NameRow("text_model/embeddings/position_embedding/embeddings:0", "positional_embedding"),
    ] + normalization("text_model/final_layer_norm", "ln_final")
    + blockRows(from: "text_model/encoder/layers_._{}", to: "transformer.resblocks.{}")

  private static let visionRows =
    [
      NameRow("vision_model/embeddings/class_embedding:0", "visual.class_embedding"),
      NameRow("vision_model/embeddings/patch_embedding/kernel:0", "visual.conv1.weight", .fromHWIO),
      NameRow("vision_model/embeddings/position_embedding/embeddings:0", "visual.positional_embedding"),
    ]
    // The files contain this misspelling.
    + normalization("vision_model/pre_layrnorm", "visual.ln_pre")
    + normalization("vision_model/post_layernorm", "visual.ln_post")
    + blockRows(from: "vision_model/encoder/layers_._{}", to: "visual.transformer.resblocks.{}")

  private static func normalization(_ source: String, _ canonical: String) -> [NameRow] {
    [
      NameRow(source + "/gamma:0", canonical + ".weight"), NameRow(source + "/beta:0", canonical + ".bias"),
    ]
  }

  private static func linear(_ source: String, _ canonical: String) -> [NameRow] {
    [
      NameRow(source + "/kernel:0", canonical + ".weight", .transposed),
      NameRow(source + "/bias:0", canonical + ".bias"),
    ]
  }

  private static func blockRows(from source: String, to block: String) -> [NameRow] {
    let attention = source + "/self_attn/"
    return normalization(source + "/layer_norm1", block + ".ln_1")
      + NameRow.fusedAttention(
        ["q_proj", "k_proj", "v_proj"].map { attention + $0 }, weight: "/kernel:0", bias: "/bias:0",
        into: block,
        weightChange: .transposed)
      + linear(attention + "out_proj", block + ".attn.out_proj")
      + normalization(source + "/layer_norm2", block + ".ln_2")
      + linear(source + "/mlp/fc1", block + ".mlp.c_fc") + linear(source + "/mlp/fc2", block + ".mlp.c_proj")
  }
}
