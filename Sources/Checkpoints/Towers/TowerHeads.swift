/// Projections and scales that belong to the towers but lie outside their prefix.
struct TowerHeads {
  private var names: [String: String] = [:]

  init(_ all: [TensorName], _ search: TowerSearch) {
    addProjections(search)
    addOnly(all, search)
  }

  /// What the model calls it; nil for a tensor that is no head of these towers.
  func name(of tensor: TensorName) -> String? { names[tensor.plain] }

  /// A model that holds one of transformers' towers under the name that CLIP itself gives it has the projection beside
  /// it, as CLIP has: diffusers' safety checker.
  private mutating func addProjections(_ search: TowerSearch) {
    for site in search.sites {
      for (holder, projection) in [
        ("vision_model.", "visual_projection.weight"), ("text_model.", "text_projection.weight"),
      ] where site.prefix == holder || site.prefix.hasSuffix("." + holder) {
        names[site.prefix.dropLast(holder.count) + projection] = projection
      }
    }
  }

  /// The only one of its name in a file that holds both towers is theirs, wherever it lies (TinyCLIP: `_logit_scale`). A
  /// bias comes along, so that the model, which has none, is refused for it.
  private mutating func addOnly(_ all: [TensorName], _ search: TowerSearch) {
    guard search.sites.contains(where: \.hasImage), search.sites.contains(where: \.hasText) else { return }
    var found: [String: [String]] = [:]
    for name in all
    where !search.isOther(name) && OtherValues.meaning(of: name.components.dropLast()) == nil {
      guard let head = Self.heads.first(where: { name.plain == $0 || name.plain.hasSuffix("." + $0) })
      else { continue }
      found[head, default: []].append(name.plain)
    }
    for (head, places) in found where places.count == 1 { names[places[0]] = head }
  }

  private static let heads = [
    "logit_scale", "logit_bias", "text_projection", "text_projection.weight", "text_projection.bias",
    "visual_projection.weight", "visual_projection.bias",
  ]
}
