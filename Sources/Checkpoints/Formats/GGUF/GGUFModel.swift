internal import Archives

/// What model a GGUF file holds, as its keys and tensor names tell.
enum GGUFModel {
  /// - Throws: `ggufOtherModel`, or `ggufCutEncoder` for what LLaVA's converters leave of CLIP's image tower.
  static func requireCLIP(_ header: GGUFHeader) throws(ReadError) {
    let key = "general.architecture"
    let member = header.metadata.members.first { $0.key == key }
    guard member?.value.stringValue == "clip" else {
      throw ReadError(
        .ggufOtherModel, at: member?.byteOffset, expected: "clip",
        found: member?.value.stringValue ?? "nothing",
        path: [.key(key)])
    }
    try requireWholeEncoder(header)
  }

  /// Language models read the encoder before its last block, so their files lack all that comes after.
  private static func requireWholeEncoder(_ header: GGUFHeader) throws(ReadError) {
    let names = Set(header.tensors.map(\.name))
    let end = ["v.post_ln.weight", "v.post_ln.bias"]
    guard names.contains("v.class_embd"), !names.isSuperset(of: end) else { return }
    let blocks = header.metadata["clip.vision.block_count"]?.integerValue.map { "\($0) blocks" } ?? "blocks"
    let projector = projector(header).map { ", projector \($0)" } ?? ""
    throw ReadError(
      .ggufCutEncoder,
      expected: "the last block, v.post_ln and visual_projection.weight",
      found: "\(blocks) without v.post_ln\(projector)")
  }

  /// The layers between an image encoder and a language model; no CLIP has them.
  static func isProjector(_ name: String) -> Bool {
    name.hasPrefix("mm.") || name == "model.image_newline" || name == "v.image_newline"
  }

  static func projector(_ header: GGUFHeader) -> String? {
    (header.metadata["clip.projector_type"] ?? header.metadata["clip.vision.projector_type"])?.stringValue
  }

  static func hasBothTowers(_ header: GGUFHeader) -> Bool {
    let names = Set(header.tensors.map(\.name))
    return names.isSuperset(of: ["t.token_embd.weight", "v.class_embd"])
  }
}
