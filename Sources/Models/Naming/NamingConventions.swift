extension NamingConvention {
  /// A convention whose markers contain another's precedes it.
  static let all = [
    openCLIPCustomText, openAI, huggingFaceFlax, huggingFaceAltCLIP, huggingFace, openAIVisual,
    huggingFaceBareText,
    huggingFaceBareVision, clipCPP, gguf, tensorFlow, kerasHub, bigVision,
  ]

  /// OpenAI's `clip.model.CLIP` and open_clip's `CLIP`, which define the canonical names.
  static let openAI = NamingConvention(
    name: "OpenAI", library: .openAI,
    markers: ["token_embedding.weight", "visual.conv1.weight"],
    rows: [NameRow("**", "**")])

  /// open_clip's `CustomTextCLIP`: the text tower below `text.`.
  static let openCLIPCustomText = NamingConvention(
    name: "open_clip CustomTextCLIP", library: .openAI,
    markers: ["text.token_embedding.weight", "visual.trunk.attn_pool.latent"],
    rows: timmRows + [
      NameRow("text.text_projection.weight", "text_projection", .transposed),
      NameRow("text.**", "**"),
      NameRow("visual.**", "visual.**"),
      NameRow("logit_scale", "logit_scale"),
      NameRow("logit_bias", "logit_bias"),
    ])

  /// The state dict of a separately saved `model.visual`.
  static let openAIVisual = NamingConvention(
    name: "OpenAI image tower", library: .openAI,
    markers: ["class_embedding", "attnpool.positional_embedding"],
    rows: [NameRow("**", "visual.**")])

  /// transformers' `CLIPModel`, `CLIPTextModelWithProjection`, `CLIPVisionModelWithProjection`, and the towers
  /// without projection as transformers 4 writes them.
  static let huggingFace = NamingConvention(
    name: "Hugging Face", library: .huggingFace,
    markers: [
      "text_model.embeddings.token_embedding.weight", "vision_model.embeddings.class_embedding",
      "vision_model.head.probe",
    ],
    rows: textRows(below: "text_model.") + visionRows(below: "vision_model.")
      + sigLIPTextRows(below: "text_model.") + sigLIPVisionRows(below: "vision_model.") + [
        NameRow("text_projection.weight", "text_projection", .transposed),
        NameRow("visual_projection.weight", "visual.proj", .transposed),
        NameRow("logit_scale", "logit_scale"),
        NameRow("logit_bias", "logit_bias"),
      ])

  /// `AltCLIPModel`'s image tower, for which transformers 5.23 uses the text tower's name of a block.
  static let huggingFaceAltCLIP = NamingConvention(
    name: "Hugging Face AltCLIP", library: .huggingFace,
    markers: ["vision_model.encoder.layer.0.layer_norm1.weight"],
    rows: visionRows(below: "vision_model.", block: "encoder.layer.{}") + [
      NameRow("visual_projection.weight", "visual.proj", .transposed),
      NameRow("logit_scale", "logit_scale"),
    ])

  /// `CLIPTextModel` as transformers 5 writes it.
  static let huggingFaceBareText = NamingConvention(
    name: "Hugging Face text tower", library: .huggingFace,
    markers: ["embeddings.token_embedding.weight"], rows: textRows(below: "") + sigLIPTextRows(below: ""))

  /// `CLIPVisionModel` as transformers 5 writes it.
  static let huggingFaceBareVision = NamingConvention(
    name: "Hugging Face image tower", library: .huggingFace,
    markers: ["embeddings.class_embedding", "head.probe"],
    rows: visionRows(below: "") + sigLIPVisionRows(below: ""))

  private static func textRows(below prefix: String) -> [NameRow] {
    [
      NameRow(prefix + "embeddings.token_embedding.weight", "token_embedding.weight"),
      NameRow(prefix + "embeddings.position_embedding.weight", "positional_embedding"),
      NameRow(prefix + "final_layer_norm.*", "ln_final.*"),
    ] + blockRows(from: prefix + "encoder.layers.{}", to: "transformer.resblocks.{}")
  }

  private static func visionRows(below prefix: String, block: String = "encoder.layers.{}") -> [NameRow] {
    [
      NameRow(prefix + "embeddings.class_embedding", "visual.class_embedding"),
      // MLX saves the kernel in the layout of its computation: colour channels last.
      NameRow(prefix + "embeddings.patch_embedding.weight", "visual.conv1.weight", .coloursSecond),
      NameRow(prefix + "embeddings.position_embedding.weight", "visual.positional_embedding"),
      // The files contain this misspelling.
      NameRow(prefix + "pre_layrnorm.*", "visual.ln_pre.*"),
      NameRow(prefix + "post_layernorm.*", "visual.ln_post.*"),
    ] + blockRows(from: prefix + block, to: "visual.transformer.resblocks.{}")
  }

  private static func blockRows(from source: String, to block: String) -> [NameRow] {
    let attention = source + ".self_attn."
    return [
      NameRow(source + ".layer_norm1.*", block + ".ln_1.*"),
      NameRow(attention + "out_proj.*", block + ".attn.out_proj.*"),
      NameRow(source + ".layer_norm2.*", block + ".ln_2.*"),
      NameRow(source + ".mlp.fc1.*", block + ".mlp.c_fc.*"),
      NameRow(source + ".mlp.fc2.*", block + ".mlp.c_proj.*"),
    ]
      + NameRow.fusedAttention(
        ["q_proj", "k_proj", "v_proj"].map { attention + $0 }, weight: ".weight", bias: ".bias", into: block)
  }
}
