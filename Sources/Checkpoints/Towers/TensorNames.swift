/// What tensor names show about a file in which no tower of a CLIP was found.
enum TensorNames {
  /// Whether the name is one of a contrastive model, supported or not.
  static func isFromCLIP(_ name: String) -> Bool {
    let name = TensorName(name)
    return TowerMark.first(in: name) != nil || beginsAsCLIP(name)
  }

  /// The same, for a name without a prefix.
  static func beginsAsCLIP(_ name: String) -> Bool { beginsAsCLIP(TensorName(name)) }

  private static func beginsAsCLIP(_ name: TensorName) -> Bool {
    if let found = TowerMark.first(in: name), found.depth == 0 { return true }
    let rest = withoutWrapper(name)
    return heads.contains(rest) || families.contains { rest.hasPrefix($0) }
  }

  /// The attribute of Lightning and other trainers. Removed if all names begin with it.
  static let trainerPrefix = "model."

  private static func withoutWrapper(_ name: TensorName) -> String {
    name.plain.hasPrefix(trainerPrefix) ? String(name.plain.dropFirst(trainerPrefix.count)) : name.plain
  }

  private static let heads: Set<String> = [
    "logit_scale", "text_projection", "text_projection.weight", "visual_projection.weight",
  ]

  /// MobileCLIP's two towers, and other kinds of towers in open_clip.
  private static let families = ["image_encoder.", "text_encoder.", "text.transformer."]

  /// Whether a tensor next to an image tower shows a text tower of another kind: BERT's names.
  static func isOtherText(_ name: TensorName) -> Bool { name.components.contains("word_embeddings") }

  /// The reason why a tensor of this name holds no weights; nil for all others.
  static func ignoredReason(_ name: String) -> IgnoredEntry.Reason? {
    if scalarBuffers.contains(name) { return .scalarBuffer }
    if otherHeads.contains(name) { return .otherHead }
    switch name.split(separator: ".").last {
    case "position_ids", "attn_mask": return .computedBuffer
    // `n_averaged` counts the models that torch.optim.swa_utils.AveragedModel averaged.
    case "num_batches_tracked", "n_averaged": return .batchCounter
    default: return nil
    }
  }

  static let scalarBuffers = ["input_resolution", "context_length", "vocab_size"]

  /// The heads of transformers' `CLIPForImageClassification` and diffusers' safety checker.
  private static let otherHeads: Set<String> = [
    "classifier.weight", "classifier.bias", "concept_embeds", "special_care_embeds", "concept_embeds_weights",
    "special_care_embeds_weights",
  ]
}
