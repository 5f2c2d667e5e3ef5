internal import Archives

/// Which model a GGUF file holds, according to its keys and tensor names.
enum GGUFModel {
  private static let architecture = "general.architecture"

  /// - Throws: `ggufOtherModel`, `unsupportedFormat` for one part of several, or `ggufCutEncoder` for image towers
  ///   that LLaVA's converters truncated.
  static func requireCLIP(_ header: GGUFHeader) throws(ReadError) {
    if let count = header.metadata["split.count"]?.integerValue, count > 1 {
      throw ReadError(
        .unsupportedFormat, found: "one of the \(count) parts of a split GGUF",
        advice: "join the parts with `llama-gguf-split --merge FIRST-PART WHOLE.gguf`, and give the result")
    }
    let member = header.metadata.members.first { $0.key == architecture }
    // Diffusion tools state other architectures for a text encoder, or none, so tensor names decide.
    guard member?.value.stringValue == "clip" || header.tensors.contains(where: { isOfCLIP($0.name) }) else {
      throw ReadError(
        .ggufOtherModel, at: member?.byteOffset, expected: "clip, or names of a CLIP's tensors",
        found: member?.value.stringValue ?? "nothing",
        path: [.key(architecture)])
    }
    try requireCompleteEncoder(header)
  }

  /// Whether the name is clip.cpp's, llama.cpp's, OpenAI's or transformers'.
  private static func isOfCLIP(_ name: String) -> Bool {
    name.hasPrefix("v.blk.") || name.hasPrefix("t.blk.") || TowerMark.first(in: TensorName(name)) != nil
  }

  // MARK: Keys

  /// Namespaces whose keys describe the file, its vocabulary or its quantization; `Models` reads those of `clip.`.
  private static let namespaces = ["general.", "tokenizer.", "quantize.", "split.", "clip.", "comfy.gguf."]

  /// Keys that are in no list, in file order.
  static func unknownKeys(_ header: GGUFHeader) -> [String] {
    header.metadata.members.map(\.key).filter { key in !namespaces.contains { key.hasPrefix($0) } }
  }

  /// Language models use the encoder's output before its last block, so their files lack the last block and all later
  /// layers.
  private static func requireCompleteEncoder(_ header: GGUFHeader) throws(ReadError) {
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

  /// The layers between an image encoder and a language model. No CLIP has them.
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
