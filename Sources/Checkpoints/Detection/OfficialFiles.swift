/// The nine files that OpenAI published, by the SHA-256 in their download addresses (`_MODELS` in `clip/clip.py`).
public struct OfficialFile: Sendable {
  /// A name of the catalogue.
  public var architectureName: String
  /// 64 lower-case hex digits.
  public var sha256: String

  public static let all = [
    OfficialFile(
      architectureName: "RN50",
      sha256: "afeb0e10f9e5a86da6080e35cf09123aca3b358a0c3e3b6c78a7b63bc04b6762"),
    OfficialFile(
      architectureName: "RN101",
      sha256: "8fa8567bab74a42d41c5915025a8e4538c3bdbe8804a470a72f30b0d94fab599"),
    OfficialFile(
      architectureName: "RN50x4",
      sha256: "7e526bd135e493cef0776de27d5f42653e6b4c8bf9e0f653bb11773263205fdd"),
    OfficialFile(
      architectureName: "RN50x16",
      sha256: "52378b407f34354e150460fe41077663dd5b39c54cd0bfd2b27167a4a06ec9aa"),
    OfficialFile(
      architectureName: "RN50x64",
      sha256: "be1cfb55d75a9666199fb2206c106743da0f6468c9d327f3e0d0a543a9919d9c"),
    OfficialFile(
      architectureName: "ViT-B/32",
      sha256: "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af"),
    OfficialFile(
      architectureName: "ViT-B/16",
      sha256: "5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f"),
    OfficialFile(
      architectureName: "ViT-L/14",
      sha256: "b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836"),
    OfficialFile(
      architectureName: "ViT-L/14@336px",
      sha256: "3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02"),
  ]

  /// The official file with this SHA-256 (64 lower-case hex digits); nil for any other file.
  public static func identified(by sha256: String) -> OfficialFile? {
    all.first { $0.sha256 == sha256 }
  }
}
