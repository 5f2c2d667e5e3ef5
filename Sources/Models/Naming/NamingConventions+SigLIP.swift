// What SigLIP's towers have beside CLIP's, in the libraries that publish them.
extension NamingConvention {
  /// transformers' `SiglipTextModel`.
  static func sigLIPTextRows(below prefix: String) -> [NameRow] {
    [
      NameRow(prefix + "head.weight", "text_projection", .transposed),
      NameRow(prefix + "head.bias", "text_projection.bias"),
    ]
  }

  /// transformers' `SiglipVisionModel`.
  static func sigLIPVisionRows(below prefix: String) -> [NameRow] {
    let head = prefix + "head."
    return [
      NameRow(prefix + "embeddings.patch_embedding.bias", "visual.conv1.bias"),
      NameRow(head + "probe", "visual.attnpool.probe", .flattenedVector),
      NameRow(head + "attention.out_proj.*", "visual.attnpool.c_proj.*"),
      NameRow(head + "layernorm.*", "visual.attnpool.ln.*"),
      NameRow(head + "mlp.fc1.*", "visual.attnpool.mlp.c_fc.*"),
      NameRow(head + "mlp.fc2.*", "visual.attnpool.mlp.c_proj.*"),
    ]
      + blocks(head + "attention.in_proj_weight", of: ["q", "k", "v"], "weight")
      + blocks(head + "attention.in_proj_bias", of: ["q", "k", "v"], "bias")
  }

  /// timm's `VisionTransformer` with `AttentionPoolLatent`, as open_clip's `visual.trunk`.
  static let timmRows: [NameRow] = {
    let (trunk, pool) = ("visual.trunk.", "visual.trunk.attn_pool.")
    let (source, block) = (trunk + "blocks.{}", "visual.transformer.resblocks.{}")
    return [
      NameRow(trunk + "pos_embed", "visual.positional_embedding", .flattenedTable),
      NameRow(trunk + "patch_embed.proj.*", "visual.conv1.*"),
      NameRow(source + ".norm1.*", block + ".ln_1.*"),
      NameRow(source + ".attn.qkv.weight", block + ".attn.in_proj_weight"),
      NameRow(source + ".attn.qkv.bias", block + ".attn.in_proj_bias"),
      NameRow(source + ".attn.proj.*", block + ".attn.out_proj.*"),
      NameRow(source + ".norm2.*", block + ".ln_2.*"),
      NameRow(source + ".mlp.fc1.*", block + ".mlp.c_fc.*"),
      NameRow(source + ".mlp.fc2.*", block + ".mlp.c_proj.*"),
      NameRow(trunk + "norm.*", "visual.ln_post.*"),
      NameRow(pool + "latent", "visual.attnpool.probe", .flattenedVector),
      NameRow(pool + "q.*", "visual.attnpool.q_proj.*"),
      NameRow(pool + "proj.*", "visual.attnpool.c_proj.*"),
      NameRow(pool + "norm.*", "visual.attnpool.ln.*"),
      NameRow(pool + "mlp.fc1.*", "visual.attnpool.mlp.c_fc.*"),
      NameRow(pool + "mlp.fc2.*", "visual.attnpool.mlp.c_proj.*"),
    ] + blocks(pool + "kv.weight", of: ["k", "v"], "weight")
      + blocks(pool + "kv.bias", of: ["k", "v"], "bias")
  }()

  /// Rows that split a fused projection of the pool.
  private static func blocks(_ source: String, of projections: [String], _ part: String) -> [NameRow] {
    projections.enumerated().map { index, projection in
      NameRow(
        source, "visual.attnpool.\(projection)_proj.\(part)", .block(index, of: projections.count))
    }
  }
}
