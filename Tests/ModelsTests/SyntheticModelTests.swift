import Architecture
import Models
import Testing

@Suite("Synthetic models") struct SyntheticModelTests {
  @Test(
    "OpenAI's nine are spelled like their files",
    arguments: [
      ("synthetic:ViT-B-32", "ViT-B/32"), ("synthetic:ViT-L-14-336px", "ViT-L/14@336px"),
      ("synthetic:RN50x64:channels-50", "RN50x64"),
      ("synthetic:ViT-B-32:tails", "ViT-B/32"), ("synthetic:RN50:tails", "RN50"),
    ])
  func spellings(_ spelling: String, _ name: String) throws {
    let model = try CLIPModel.open(spelling)
    #expect(model.name == name && model.source.format == "synthetic" && model.source.fileName == spelling)
    #expect(try model.source.sha256() == nil)
  }

  @Test(
    "Unknown architectures and profiles are errors that list the profiles",
    arguments: ["synthetic:", "synthetic:ViT-Z", "synthetic:ViT-B-32:loud", "synthetic:ViT-B-32:plain:x"])
  func refusals(_ spelling: String) throws {
    let error = try #require(throws: ModelError.self) { try CLIPModel(synthetic: spelling) }
    let isProfile = spelling.contains("B-32")
    #expect(error.code == (isProfile ? .unsupportedOption : .unknownArchitectureName))
    #expect(
      error.hint.contains(isProfile ? "channels-50, channels-100, sink, tails" : "pocketclip architectures"))
  }

  @Test(
    "A model with another vocabulary than OpenAI's takes token ids",
    arguments: [
      ("synthetic:ViT-B-32", TokenizerKind.openAI), ("synthetic:ViT-B-16-SigLIP", .none),
      ("synthetic:ViT-S-16-worldwide", .none),
    ])
  func tokenizers(_ spelling: String, _ tokenizer: TokenizerKind) throws {
    #expect(try CLIPModel(synthetic: spelling).tokenizer.kind == tokenizer)
  }

  @Test("Every parameter of each family has values, and any part equals that part of the complete tensor")
  func values() throws {
    for spelling in [
      "synthetic:ViT-S-32-alt", "synthetic:RN50", "synthetic:ViT-S-32-alt:tails",
      "synthetic:ViT-B-32-SigLIP2-256",
    ] {
      let model = try CLIPModel(synthetic: spelling)
      for parameter in model.schema.parameters where parameter.elementCount < 200_000 {
        let whole = try model.values(of: parameter)
        let range = whole.count / 3..<whole.count
        #expect(try model.values(of: parameter, in: range) == Array(whole[range]), "\(parameter.name)")
      }
    }
  }
}
