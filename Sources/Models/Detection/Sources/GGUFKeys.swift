internal import Archives

/// Keys of GGUF's namespace `clip.`: a closed list. Any other key could change the embeddings.
enum GGUFKeys {
  /// Keys that are read, or that state sizes which the tensors' shapes also show.
  private static let used: Set<String> = [
    "clip.use_gelu", "clip.use_silu",
    "clip.vision.image_size", "clip.vision.patch_size", "clip.vision.embedding_length",
    "clip.vision.feed_forward_length", "clip.vision.block_count", "clip.vision.projection_dim",
    "clip.vision.attention.head_count", "clip.vision.attention.layer_norm_epsilon", "clip.vision.image_mean",
    "clip.vision.image_std",
    "clip.text.context_length", "clip.text.embedding_length", "clip.text.feed_forward_length",
    "clip.text.block_count", "clip.text.projection_dim", "clip.text.attention.head_count",
    "clip.text.attention.layer_norm_epsilon",
  ]

  /// Keys about the file's contents, and keys that only a language model's projector or image tiling uses.
  private static let irrelevant: Set<String> = [
    "clip.has_text_encoder", "clip.has_vision_encoder", "clip.has_audio_encoder", "clip.has_llava_projector",
    "clip.has_minicpmv_projector", "clip.has_glm_projector", "clip.has_qwen2vl_merger",
    "clip.minicpmv_version",
    "clip.projector_type", "clip.vision.projector_type", "clip.vision.projector.scale_factor",
    "clip.vision.feature_layer", "clip.vision.mm_patch_merge_type", "clip.vision.image_grid_pinpoints",
    "clip.vision.image_crop_resolution", "clip.vision.image_aspect_ratio", "clip.vision.spatial_merge_size",
  ]

  /// - Throws: `unsupportedOption` with the first key in neither list.
  static func requireKnown(_ config: ConfigReader) throws(ModelError) {
    for member in config.json.objectValue?.members ?? [] where member.key.hasPrefix("clip.") {
      guard
        used.contains(member.key) || irrelevant.contains(member.key) || member.key.hasPrefix("clip.audio.")
      else { throw config.unsupported("unknown key \(member.key), which may change the vectors") }
    }
  }
}
