/// Projections and scales that belong to the towers but are outside their prefix.
struct TowerHeads {
  private var names: [String: String] = [:]

  init(_ all: [TensorName], _ search: TowerSearch) {
    addProjections(search)
    addOnly(all, search)
  }

  /// The model's name for the tensor; nil if it is not a head of these towers.
  func name(of tensor: TensorName) -> String? { names[tensor.plain] }

  /// Adds the projection next to a tower whose prefix ends in CLIP's own name for it (`vision_model.`), as in
  /// diffusers' safety checker.
  private mutating func addProjections(_ search: TowerSearch) {
    for site in search.sites {
      for (holder, projection) in [
        ("vision_model.", "visual_projection.weight"), ("text_model.", "text_projection.weight"),
      ] where site.prefix == holder || site.prefix.hasSuffix("." + holder) {
        names[site.prefix.dropLast(holder.count) + projection] = projection
      }
    }
  }

  /// Adds a projection or scale whose name occurs once in a file with both towers, below any prefix (TinyCLIP:
  /// `_logit_scale`). Biases are added too: a projection with a bias is then rejected, not read without its bias.
  private mutating func addOnly(_ all: [TensorName], _ search: TowerSearch) {
    guard search.sites.contains(where: \.hasImage), search.sites.contains(where: \.hasText) else { return }
    var found: [String: [String]] = [:]
    for name in all
    where !search.isOther(name) && OtherValues.meaning(of: name.components.dropLast()) == nil {
      guard let head = Self.heads.first(where: { name.plain == $0 || name.plain.hasSuffix("." + $0) })
      else { continue }
      found[head, default: []].append(name.plain)
    }
    for (head, paths) in found where paths.count == 1 { names[paths[0]] = head }
  }

  private static let heads = [
    "logit_scale", "logit_bias", "text_projection", "text_projection.weight", "text_projection.bias",
    "visual_projection.weight", "visual_projection.bias",
  ]
}
