internal import Architecture
internal import Checkpoints

/// Unsupported architectures that are recognised to name them in the error.
enum UnsupportedArchitecture {
  /// The mark of an architecture: a part of a tensor name, or a complete name.
  private struct Trace {
    var architecture: String
    /// The tower that the mark belongs to; nil for the complete model.
    var tower: Tower?
    var fragments: [String]
    /// A tensor of a supported model that also has the mark.
    var exception: String?
    /// What to do, if there is more to do than to supply another model.
    var remedy: String?
  }

  /// The most specific first.
  private static let traces = [
    Trace(architecture: "CoCa", fragments: ["text_decoder.", "text.cls_emb"]),
    Trace(
      architecture: "a big_vision image tower by itself",
      fragments: ["MAPHead_0.", "Transformer.encoderblock"],
      remedy: "save the tensors again with img/ before their names, as in big_vision's model of two towers"),
    Trace(
      architecture: "LiT (big_vision's BERT as text tower)", tower: .text, fragments: ["txt.BertEncoder_0."]),
    Trace(
      architecture: "Perception Encoder (PE-Core)",
      fragments: ["visual.trunk.norm_pre.", "visual.attn_pool.probe"]),
    Trace(
      architecture: "SigLIP's image tower without its attention pooling: hidden states, not embeddings",
      fragments: ["vision_model.embeddings.patch_embedding.bias"], exception: "vision_model.head.probe",
      remedy: "give the complete SigLIP checkpoint, whose vision_model.head pools"),
    Trace(
      architecture: "NLLB-CLIP", tower: .text,
      fragments: ["text.transformer.embed_tokens.", "text.transformer.layers.0.self_attn.q_proj."]),
    Trace(
      architecture: "SLIP (a timm image tower, image_projection and text_projection)",
      fragments: ["image_projection", "visual.blocks.0.norm1."]),
    Trace(
      architecture: "EVA-CLIP (EVA01, EVA02)",
      fragments: [".mlp.fc1_g.", ".attn.q_bias", ".attn.inner_attn_ln.", ".mlp.w12.", "visual.blocks.0."]),
    Trace(
      architecture: "MobileCLIP",
      fragments: [
        "image_encoder.model.", "visual.trunk.patch_embed.backbone.", ".token_mixer.",
        "visual.trunk.stem.0.conv_",
      ]),
    Trace(architecture: "ConvNeXt CLIP", fragments: [".conv_dw."]),
    Trace(
      architecture: "a Hugging Face text tower in open_clip (RoBERTa, XLM-R, mT5, NLLB)", tower: .text,
      fragments: ["text.transformer.embeddings.", "text.transformer.encoder.", "text.proj."]),
    Trace(
      architecture: "a BERT text tower, as of Chinese-CLIP or AltCLIP", tower: .text,
      fragments: [
        "text_model.encoder.layer.", "text_model.roberta.", "text_model.embeddings.word_embeddings.",
        "bert.encoder.layer.", "bert.embeddings.word_embeddings.", ".bert.encoder.layer.",
        ".bert.embeddings.word_embeddings.",
      ]),
    Trace(
      architecture: "layers quantized by torch.ao", fragments: [".zero_point"],
      remedy: "save the state dict of the model as it was before quantizing"),
    Trace(
      architecture: "a weight behind torch.nn.utils.parametrize", fragments: [".parametrizations."],
      remedy: "save the model after torch.nn.utils.parametrize.remove_parametrizations of each module"),
    Trace(
      architecture: "a timm image trunk", fragments: ["visual.trunk."],
      exception: "visual.trunk.attn_pool.latent"),
    Trace(architecture: "attentional pooling (CoCa's image tower)", fragments: ["visual.attn_pool."]),
    Trace(architecture: "layer scale (ViT-M-16-alt)", fragments: [".ls_1.", ".ls_2."]),
    Trace(
      architecture: "a text projection with bias", tower: .text, fragments: ["text.text_projection.bias"],
      exception: "visual.trunk.attn_pool.latent"),
  ]

  /// The unsupported architecture that the tensor names match, and the tensor that matched; nil if none does.
  ///
  /// - Parameters:
  ///   - metadata: the keyed values of a GGUF file.
  ///   - tower: the requested tower; nil for both.
  static func refusal(
    of tensors: [CheckpointTensor], _ metadata: ConfigFile?, _ tower: Tower?
  ) -> ModelError? {
    let names = Set(tensors.map(\.name))
    for trace in traces where tower == nil || trace.tower == nil || trace.tower == tower {
      if let exception = trace.exception, names.contains(exception) { continue }
      for tensor in tensors where trace.fragments.contains(where: { tensor.name.matches(fragment: $0) }) {
        var error = ModelError(.unsupportedArchitecture, tensor: tensor.name, found: trace.architecture)
        error.remedy = trace.tower == .text ? "take the image tower alone with --tower image" : trace.remedy
        return error
      }
    }
    if let refusal = bigVisionRefusal(of: tensors, names, tower) ?? encoderRefusal(names, metadata) {
      return refusal
    }
    // CLIPA has no LayerNorm before the first block: the file has the tower's other tensors, but neither tensor of
    // this LayerNorm.
    guard names.isDisjoint(with: ["visual.ln_pre.weight", "visual.ln_pre.bias"]),
      names.isSuperset(of: ["visual.class_embedding", "visual.conv1.weight", "visual.ln_post.weight"])
    else { return nil }
    return ModelError(
      .unsupportedArchitecture, tensor: "visual.ln_pre.weight",
      found: "CLIPA (no LayerNorm before the first block)")
  }

  /// Whether models of this `model_type` of transformers have CLIP's image tower, with CLIP's defaults, and another
  /// kind of text tower.
  static func hasImageTowerOfCLIP(modelType: String) -> Bool {
    ["chinese_clip", "chinese_clip_vision_model", "altclip", "altclip_vision_model"].contains(modelType)
  }

  /// The common name of a `model_type` of transformers; nil for CLIP itself, and for MetaCLIP 2, which has its towers.
  static func named(byModelType type: String) -> String? {
    switch type {
    case "clip", "clip_text_model", "clip_vision_model": nil
    case "metaclip_2", "metaclip_2_text_model", "metaclip_2_vision_model": nil
    case "siglip", "siglip_text_model", "siglip_vision_model": "SigLIP"
    case "siglip2", "siglip2_text_model", "siglip2_vision_model": "SigLIP 2 NaFlex"
    case "chinese_clip": "Chinese-CLIP"
    case "altclip": "AltCLIP"
    default: "model type \(type)"
    }
  }
}

extension String {
  /// Whether the name begins with the fragment, or contains it if the fragment begins with a dot.
  fileprivate func matches(fragment: String) -> Bool {
    if hasPrefix(fragment) { return true }
    guard fragment.hasPrefix(".") else { return false }
    return contains(fragment)
  }
}
