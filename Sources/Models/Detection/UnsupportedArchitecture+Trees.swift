internal import Architecture
internal import Archives
internal import Checkpoints

// Towers whose names several architectures share: absent tensors and shapes distinguish them.
extension UnsupportedArchitecture {
  /// big_vision's towers other than those of a SigLIP of fixed image size.
  static func bigVisionRefusal(
    of tensors: [CheckpointTensor], _ names: Set<String>, _ tower: Tower?
  ) -> ModelError? {
    let (kernel, probe, words) = ("img.embedding.kernel", "img.MAPHead_0.probe", "txt.Embed_0.embedding")
    if tower != .image, names.contains(words), !names.contains(where: { $0.hasPrefix("txt.head.") }) {
      var error = ModelError(
        .unsupportedArchitecture, tensor: words,
        found: "a big_vision text tower without a head, as of SigLIP So400m/16-i18n")
      error.remedy =
        "take the image tower alone with --tower image, or a conversion whose text tower has a projection"
      return error
    }
    guard tower != .text, let embedding = tensors.first(where: { $0.name == kernel }) else { return nil }
    if embedding.shape.count == 2 {
      return ModelError(
        .unsupportedArchitecture, tensor: kernel, found: "SigLIP 2 NaFlex (a linear layer over patches)")
    }
    guard !names.contains(probe) else { return nil }
    return ModelError(
      .unsupportedArchitecture, tensor: probe,
      found: "a big_vision image tower without a MAP head, as of LiT or a classifier")
  }

  /// The image encoders of language models in llama.cpp's mmproj files. CLIP's has a class token and no patch bias.
  static func encoderRefusal(_ names: Set<String>, _ metadata: ConfigFile?) -> ModelError? {
    let (kernel, bias, classToken) = ("v.patch_embd.weight", "v.patch_embd.bias", "v.class_embd")
    guard names.contains(kernel), names.contains(bias) || !names.contains(classToken) else { return nil }
    let projector = projector(metadata).map { " (projector \($0))" } ?? ""
    guard names.contains(bias), names.allSatisfy(isOfSigLIP) else {
      var error = ModelError(
        .unsupportedArchitecture, tensor: kernel,
        found: "a language model's image encoder\(projector), which is neither CLIP's nor SigLIP's")
      error.remedy = "give a CLIP or SigLIP checkpoint"
      return error
    }
    var error = ModelError(
      .unsupportedArchitecture, tensor: bias,
      found: "SigLIP's image tower\(projector) without its attention pooling: hidden states, not embeddings")
    error.remedy = "give the complete SigLIP checkpoint: llama.cpp's mmproj files leave the pooling out"
    return error
  }

  private static func projector(_ metadata: ConfigFile?) -> String? {
    ["clip.projector_type", "clip.vision.projector_type"].lazy
      .compactMap { metadata?.json[$0]?.stringValue }.first
  }

  /// Whether SigLIP's encoder has a tensor of this name. Names outside the encoder do not count.
  private static func isOfSigLIP(_ name: String) -> Bool {
    !name.hasPrefix("v.") || encoder.contains { $0.match(name) != nil }
  }

  private static let encoder: [NamePattern] =
    ["v.patch_embd.*", "v.position_embd.weight", "v.post_ln.*"].map(NamePattern.init)
    + ["ln1", "ln2", "attn_q", "attn_k", "attn_v", "attn_out", "ffn_up", "ffn_down"].map {
      NamePattern("v.blk.{}.\($0).*")
    }
}
