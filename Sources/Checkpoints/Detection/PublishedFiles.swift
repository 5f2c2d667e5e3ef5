/// Files of other names under which much-used weights are published, by their SHA-256, which Git LFS records too.
public enum PublishedFile {
  private static let huggingFace: [(sha256: String, repository: String, file: String)] = [
    (
      "a63082132ba4f97a80bea76823f544493bffa8082296d62d71581a4feff1576f", "openai/clip-vit-base-patch32",
      "pytorch_model.bin"
    ),
    (
      "a2bf730a0c7debf160f7a6b50b3aaf3703e7e88ac73de7a314903141db026dcb", "openai/clip-vit-large-patch14",
      "model.safetensors"
    ),
    (
      "f1a17cdbe0f36fec524f5cafb1c261ea3bbbc13e346e0f74fc9eb0460dedd0d3", "openai/clip-vit-large-patch14",
      "pytorch_model.bin"
    ),
    (
      "9a78ef8e8c73fd0df621682e7a8e8eb36c6916cb3c16b291a082ecd52ab79cc4",
      "laion/CLIP-ViT-H-14-laion2B-s32B-b79K", "open_clip_pytorch_model.bin"
    ),
  ]

  /// `OpenAI's ViT-L/14`, `model.safetensors of openai/clip-vit-large-patch14`; nil for a file that is not known.
  ///
  /// - Parameter sha256: 64 lower-case hex digits.
  public static func name(ofSHA256 sha256: String) -> String? {
    if let file = OfficialFile.identified(by: sha256) { return "OpenAI's \(file.architectureName)" }
    return huggingFace.first { $0.sha256 == sha256 }.map { "\($0.file) of \($0.repository)" }
  }
}
