internal import Architecture

extension NamingConvention {
  /// KerasHub's `CLIPBackbone`. It stores a tree of objects without names; the variables of a layer are numbered in
  /// order of creation. Attention has an axis of heads.
  static let kerasHub = NamingConvention(
    name: "KerasHub", library: .kerasHub,
    markers: [
      textEncoder + "token_and_position_embedding/token_embedding/vars/0",
      visionEncoder + "clip_vision_embedding/vars/0",
    ],
    rows: textRows + visionRows + [
      // Dense kernels have the axes of OpenAI's projections.
      NameRow("layers/dense/vars/0", "visual.proj"),
      NameRow("layers/dense_1/vars/0", "text_projection"),
      NameRow("layers/clip_head/vars/0", "logit_scale"),
    ])

  /// The first query kernel of a tower: [width, heads, channels of a head].
  static func kerasHubQueryKernel(_ tower: Tower) -> String {
    (tower == .image ? visionEncoder : textEncoder) + "clip_encoder_layer/attention/query_dense/vars/0"
  }

  private static let textEncoder = "layers/clip_text_encoder/layers/"
  private static let visionEncoder = "layers/clip_vision_encoder/layers/"

  private static let textRows =
    [
      NameRow(textEncoder + "token_and_position_embedding/token_embedding/vars/0", "token_embedding.weight"),
      NameRow(textEncoder + "token_and_position_embedding/position_embedding/vars/0", "positional_embedding"),
    ] + normalization(textEncoder + "layer_normalization", "ln_final")
    + stackRows(from: textEncoder, to: "transformer.resblocks.")

  private static let visionRows =
    [
      NameRow(visionEncoder + "clip_vision_embedding/vars/0", "visual.class_embedding"),
      NameRow(
        visionEncoder + "clip_vision_embedding/patch_embedding/vars/0", "visual.conv1.weight", .fromHWIO),
      NameRow(
        visionEncoder + "clip_vision_embedding/position_embedding/vars/0", "visual.positional_embedding"),
    ]
    + normalization(visionEncoder + "layer_normalization", "visual.ln_pre")
    + normalization(visionEncoder + "layer_normalization_1", "visual.ln_post")
    + stackRows(from: visionEncoder, to: "visual.transformer.resblocks.")

  /// The first layer of a kind has no number.
  private static func stackRows(from encoder: String, to stack: String) -> [NameRow] {
    blockRows(from: encoder + "clip_encoder_layer", to: stack + "0")
      + blockRows(from: encoder + "clip_encoder_layer_{}", to: stack + "{}")
  }

  private static func normalization(_ source: String, _ canonical: String) -> [NameRow] {
    [NameRow(source + "/vars/0", canonical + ".weight"), NameRow(source + "/vars/1", canonical + ".bias")]
  }

  private static func linear(
    _ source: String, _ canonical: String, _ change: LayoutChange = .transposed
  ) -> [NameRow] {
    [
      NameRow(source + "/vars/0", canonical + ".weight", change),
      NameRow(source + "/vars/1", canonical + ".bias"),
    ]
  }

  private static func blockRows(from source: String, to block: String) -> [NameRow] {
    let attention = source + "/attention/"
    return normalization(source + "/layer_norm_1", block + ".ln_1")
      + NameRow.fusedAttention(
        ["query_dense", "key_dense", "value_dense"].map { attention + $0 }, weight: "/vars/0",
        bias: "/vars/1",
        into: block, weightChange: .fromHeadsOut, biasChange: .flattenedHeads)
      + linear(attention + "output_dense", block + ".attn.out_proj", .fromHeadsIn)
      + normalization(source + "/layer_norm_2", block + ".ln_2")
      + linear(source + "/dense_1", block + ".mlp.c_fc") + linear(source + "/dense_2", block + ".mlp.c_proj")
  }
}
