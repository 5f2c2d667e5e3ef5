internal import Architecture

/// The settings of timm's SigLIP trunks, by name: `vit_base_patch16_siglip_224`, also `_gap` or `.webli` at the end of other
/// files (timm's `models/vision_transformer.py`). SigLIP 2 has the same names.
struct TimmTrunk {
  let width: Int
  let heads: Int
  let patchSize: Int
  let activation: Activation

  /// Nil for any other model.
  init?(_ name: String) {
    let parts = name.split(separator: ".")[0].split(separator: "_")
    guard parts.count == 5, parts[0] == "vit", parts[3] == "siglip", parts[2].hasPrefix("patch"),
      let patchSize = Int(parts[2].dropFirst("patch".count)), Int(parts[4]) != nil
    else { return nil }
    self.patchSize = patchSize
    switch parts[1] {
    case "base": (width, heads, activation) = (768, 12, .gelu)
    case "large": (width, heads, activation) = (1024, 16, .gelu)
    case "so400m": (width, heads, activation) = (1152, 16, .gelu)
    case "giantopt": (width, heads, activation) = (1536, 16, .geluTanh)
    default: return nil
    }
  }
}
