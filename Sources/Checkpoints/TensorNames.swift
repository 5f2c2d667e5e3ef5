/// What tensor names give away without knowing an architecture: wrapper prefixes, buffers, and whether this is a CLIP.
enum TensorNames {
  /// What training wrappers put before every name: DistributedDataParallel, torch.compile, Lightning.
  static let wrapperPrefixes = ["module.", "_orig_mod.", "model."]

  /// What models that use a tower of CLIP put before Hugging Face's names: diffusion models and their tools, LLaVA.
  private static let holders = [
    "transformer.", "cond_stage_model.transformer.", "conditioner.embedders.0.transformer.", "text_encoder.",
    "text_encoders.clip_l.transformer.", "text_encoders.clip_g.transformer.", "vision_tower.vision_tower.",
    "vision_tower.", "image_encoder.",
  ]
  private static let towers = ["text_model.", "vision_model."]

  /// The name without any wrapper prefixes, and those prefixes.
  static func withoutWrappers(_ name: String) -> (prefix: String, rest: String) {
    var rest = Substring(name)
    while let prefix = wrapperPrefixes.first(where: { rest.hasPrefix($0) }) {
      rest = rest.dropFirst(prefix.count)
    }
    if let holder = holders.first(where: { holder in
      guard rest.hasPrefix(holder) else { return false }
      return towers.contains { rest.dropFirst(holder.count).hasPrefix($0) }
    }) {
      rest = rest.dropFirst(holder.count)
    }
    return (String(name.dropLast(rest.count)), String(rest))
  }

  /// Names that only contrastive models have, in the naming conventions that are read or recognised.
  static func isFromCLIP(_ name: String) -> Bool {
    let rest = withoutWrappers(name).rest
    if exactNames.contains(rest) { return true }
    return familyPrefixes.contains { rest.hasPrefix($0) }
  }

  private static let exactNames: Set<String> = [
    "logit_scale", "text_projection", "text_projection.weight", "visual_projection.weight",
    "token_embedding.weight",
  ]

  private static let familyPrefixes = [
    "visual.", "vision_model.", "text_model.", "text.transformer.", "image_encoder.", "text_encoder.",
    "embeddings.token_embedding", "embeddings.class_embedding", "transformer.resblocks.",
  ]

  /// Why a tensor of this name carries no weights; nil for all others.
  static func ignoredReason(_ name: String) -> IgnoredEntry.Reason? {
    if scalarBuffers.contains(name) { return .scalarBuffer }
    switch name.split(separator: ".").last {
    case "position_ids", "attn_mask": return .computedBuffer
    case "num_batches_tracked": return .batchCounter
    default: return nil
    }
  }

  static let scalarBuffers = ["input_resolution", "context_length", "vocab_size"]
}
