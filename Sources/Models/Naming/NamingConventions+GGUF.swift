/// Names of GGUF files. Both tools abbreviate Hugging Face's names, but they use `up` for different linear layers of
/// the MLP.
extension NamingConvention {
  /// clip.cpp, and llama.cpp's first converters: `ffn_down` is the first linear layer, which widens, and `ffn_up` the
  /// second.
  static let clipCPP = ggufConvention(name: "clip.cpp", widening: "ffn_down", narrowing: "ffn_up")

  /// llama.cpp's later converters: `ffn_up` widens.
  static let gguf = ggufConvention(name: "GGUF", widening: "ffn_up", narrowing: "ffn_down")

  private static func ggufConvention(
    name: String, widening: String, narrowing: String
  ) -> NamingConvention {
    NamingConvention(
      name: name, library: .huggingFace,
      markers: ["t.token_embd.weight", "v.class_embd", "v.patch_embd.weight"],
      shapeMark: ShapeMark(tallMatrices: ["t.blk.{}.\(widening).weight", "v.blk.{}.\(widening).weight"]),
      rows: [
        NameRow("t.token_embd.weight", "token_embedding.weight"),
        NameRow("t.position_embd.weight", "positional_embedding"),
        NameRow("t.post_ln.*", "ln_final.*"),
        NameRow("text_projection.weight", "text_projection", .transposed),
        NameRow("v.class_embd", "visual.class_embedding"),
        NameRow("v.patch_embd.weight", "visual.conv1.weight"),
        NameRow("v.position_embd.weight", "visual.positional_embedding"),
        NameRow("v.pre_ln.*", "visual.ln_pre.*"),
        NameRow("v.post_ln.*", "visual.ln_post.*"),
        NameRow("visual_projection.weight", "visual.proj", .transposed),
        NameRow("logit_scale", "logit_scale"),
      ]
        + ggufBlockRows(from: "t.blk.{}", to: "transformer.resblocks.{}", widening, narrowing)
        + ggufBlockRows(from: "v.blk.{}", to: "visual.transformer.resblocks.{}", widening, narrowing))
  }

  private static func ggufBlockRows(
    from source: String, to block: String, _ widening: String, _ narrowing: String
  ) -> [NameRow] {
    [
      NameRow(source + ".ln1.*", block + ".ln_1.*"),
      NameRow(source + ".attn_qkv.weight", block + ".attn.in_proj_weight"),
      NameRow(source + ".attn_qkv.bias", block + ".attn.in_proj_bias"),
      NameRow(source + ".attn_out.*", block + ".attn.out_proj.*"),
      NameRow(source + ".ln2.*", block + ".ln_2.*"),
      NameRow(source + "." + widening + ".*", block + ".mlp.c_fc.*"),
      NameRow(source + "." + narrowing + ".*", block + ".mlp.c_proj.*"),
    ]
      + NameRow.fusedAttention(
        ["q", "k", "v"].map { source + ".attn_" + $0 }, weight: ".weight", bias: ".bias", into: block)
  }
}
