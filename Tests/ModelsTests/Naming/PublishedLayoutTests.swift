import Architecture
import Archives
import BundleFormat
import Checkpoints
import Models
import Testing

/// Files and folders of the original libraries, opened as canonical models.
@Suite("Published layouts") struct PublishedLayoutTests {
  @Test("All kinds of published layouts are covered")
  func fixturesAreThere() {
    #expect(ModelFixture.all.count >= 26)
  }

  @Test(
    "Every layout of one model gives the same canonical tensors, bit for bit", arguments: ModelFixture.exact)
  func canonicalTensors(_ fixture: ModelFixture) throws {
    let model = try fixture.open()
    let truth = try #require(try fixture.truth()["tensors"]?.objectValue)
    for parameter in model.schema.parameters {
      let expected = try #require(truth[parameter.name.description], "\(parameter.name)")
      let shape = expected["shape"]?.arrayValue?.compactMap(\.integerValue)
      #expect(parameter.shape == shape, "\(parameter.name)")
      #expect(try digest(of: parameter, in: model) == expected["sha256"]?.stringValue, "\(parameter.name)")
    }
  }

  @Test(
    "All tensors of the original exist, except for absent towers and projections",
    arguments: ModelFixture.all)
  func completeness(_ fixture: ModelFixture) throws {
    let model = try fixture.open()
    let names = Set(model.schema.parameters.map(\.name.description))
    let original = try #require(try fixture.truth()["tensors"]?.objectValue).members.map(\.key)
    let missing = original.filter {
      !names.contains($0) && !$0.hasSuffix("num_batches_tracked") && !fixture.absent.contains($0)
    }
    switch (fixture.towers, fixture.hasProjection) {
    case ("both", _): #expect(missing.isEmpty, "\(missing)")
    case ("image", true): #expect(missing.allSatisfy { !$0.hasPrefix("visual.") })
    case ("text", true): #expect(missing.allSatisfy { $0.hasPrefix("visual.") || $0 == "logit_scale" })
    default: #expect(model.architecture.text?.projection == nil && missing.contains("text_projection"))
    }
  }

  @Test("Settings that tensor shapes do not determine equal the original's", arguments: ModelFixture.all)
  func decisions(_ fixture: ModelFixture) throws {
    let model = try fixture.open()
    let truth = try #require(try fixture.truth()["architecture"])
    let activation: Activation = truth["activation"]?.stringValue == "gelu" ? .gelu : .quickGELU
    if let text = model.architecture.text {
      #expect(text.stack.heads == truth["text"]?["heads"]?.integerValue)
      #expect(text.stack.activation == activation)
      #expect(text.stack.epsilon == 1e-5)
      #expect(text.contextLength == truth["text"]?["context"]?.integerValue)
      #expect(text.pooling == .highestID)
    }
    guard let image = model.architecture.image else {
      #expect(fixture.towers == "text")
      return
    }
    #expect(image.heads == truth["image"]?["heads"]?.integerValue)
    #expect(image.imageSize == truth["image"]?["size"]?.integerValue)
    if let stack = image.trunk.stack {
      #expect(stack.activation == activation)
      #expect(stack.mlpWidth == truth["image"]?["mlp"]?.integerValue)
    }
  }

  @Test("OpenAI's archive determines every setting")
  func archiveNeedsNoOption() throws {
    let model = try CLIPModel(Checkpoint.open(ModelFixture.named("vit-torchscript-1.7.pt").path))
    #expect(model.preprocessing == .openAI)
    #expect(model.decisions.allSatisfy { $0.source == .evidence })
  }

  @Test("One checkpoint saved in many ways has the same tower ids", arguments: ["vit", "rn"])
  func identitiesAgree(_ name: String) throws {
    let fixtures = ModelFixture.exact.filter { $0.model == name && $0.towers == "both" }
    let ids = try fixtures.map { try SpaceID(of: $0.open()) }
    #expect(ids.count > 3 && ids.allSatisfy { $0 == ids[0] && $0.image != nil && $0.text != nil })
  }

  @Test("A missing projection changes the tower's id; a missing other tower does not")
  func identityOfTowers() throws {
    let whole = try SpaceID(of: ModelFixture.named("vit-hugging-face").open())
    let text = try SpaceID(of: ModelFixture.named("vit-hugging-face-text-projection").open())
    let bare = try SpaceID(of: ModelFixture.named("vit-hugging-face-text").open())
    #expect(text.text == whole.text && text.image == nil)
    #expect(bare.text != whole.text)
  }

  private func digest(of parameter: Parameter, in model: CLIPModel) throws -> String {
    var scratch = FloatScratch()
    let digest = try model.withValues(of: parameter, scratch: &scratch) { values in
      var stream = Identity.beginTensor(parameter)
      stream.update(values.span.bytes)
      return stream.finish()
    }
    return String(decoding: digest.hex, as: UTF8.self)
  }
}
