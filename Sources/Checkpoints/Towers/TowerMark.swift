/// What a tensor name shows about the towers of a CLIP: its tower, and the library that names it.
enum TowerMark: Hashable {
  /// `visual.…`, the prefix of the image tower in OpenAI and open_clip.
  case visual
  /// `text.…`, open_clip's custom text tower.
  case text
  /// OpenAI's text tower: `token_embedding`.
  case bareText
  /// `class_embedding` or `attnpool` of a separately saved `model.visual`.
  case bareVisual
  /// `transformer.resblocks` of OpenAI's text tower, or of a separately saved `model.visual`.
  case blocks
  /// transformers' `vision_model.…` and `text_model.…`.
  case visionModel, textModel
  /// The same towers saved separately by transformers 5: `embeddings.…`.
  case bareVisionModel, bareTextModel
  /// big_vision's `img` and `txt`.
  case imageTree, textTree

  /// The most components of a prefix that are searched.
  static let deepest = 32

  /// The first mark of a name and the number of components before it; nil for a name that is not a tower's.
  static func first(in name: TensorName) -> (mark: TowerMark, depth: Int)? {
    for (depth, component) in name.components.prefix(deepest + 1).enumerated() {
      let next = depth + 1 < name.components.count ? name.components[depth + 1] : nil
      if let mark = mark(component, before: next) { return (mark, depth) }
    }
    return nil
  }

  private static func mark(_ component: Substring, before next: Substring?) -> TowerMark? {
    guard let next else { return component == "class_embedding" ? .bareVisual : nil }
    // A wrapper can have the name of the tower inside it: `vision_model.vision_model.embeddings`.
    guard next != component else { return nil }
    switch component {
    case "visual": return .visual
    case "text": return customTextParts.contains(next) ? .text : nil
    case "token_embedding": return next == "weight" ? .bareText : nil
    case "attnpool": return .bareVisual
    case "transformer": return next == "resblocks" ? .blocks : nil
    case "vision_model": return .visionModel
    case "text_model": return .textModel
    case "embeddings": return bareMarks[next]
    case "img": return imageTreeParts.contains(next) ? .imageTree : nil
    case "txt": return textTreeParts.contains(next) ? .textTree : nil
    default: return nil
    }
  }

  private static let customTextParts: Set<Substring> = [
    "token_embedding", "positional_embedding", "transformer", "ln_final", "text_projection", "cls_emb",
    "proj",
  ]

  /// Modules and parameters of big_vision's `vit.py`.
  private static let imageTreeParts: Set<Substring> = [
    "embedding", "pos_embedding", "cls", "Transformer", "MAPHead_0", "pre_logits", "head",
  ]
  /// The same of `text_transformer.py`, and of the BERT with which LiT was trained.
  private static let textTreeParts: Set<Substring> = [
    "Embed_0", "pos_embedding", "Encoder_0", "MAPHead_0", "head", "BertEncoder_0",
  ]

  private static let bareMarks: [Substring: TowerMark] = [
    "class_embedding": .bareVisionModel, "patch_embedding": .bareVisionModel,
    "token_embedding": .bareTextModel,
  ]
}
