import Architecture
import BundleFormat
import Checkpoints
import Models
import Testing

@Suite("Towers joined from two checkpoints") struct JoiningTests {
  private func open(_ fixtures: String...) throws -> CLIPModel {
    let options = try ModelFixture.named(fixtures[0]).options
    return try CLIPModel.open(fixtures.map { try ModelFixture.named($0).path }, options: options)
  }

  @Test("The single towers that transformers writes give the complete model, bit for bit, in either order")
  func halves() throws {
    let whole = try open("vit-hugging-face")
    for names in [
      ["vit-hugging-face-image-projection", "vit-hugging-face-text-projection"],
      ["vit-hugging-face-text-projection", "vit-hugging-face-image-projection"],
    ] {
      let joined = try open(names[0], names[1])
      #expect(joined.architecture == whole.architecture)
      #expect(joined.source.files.count == 2 && joined.source.format == "safetensors")
      for parameter in joined.schema.parameters {
        #expect(try joined.values(of: parameter) == whole.values(of: parameter), "\(parameter.name)")
      }
      #expect(try SpaceID(of: joined) == SpaceID(of: whole))
    }
  }

  @Test("Two towers of the same kind, a model with a tower, and a tower without projection are errors")
  func refusals() throws {
    for pair in [
      ("vit-hugging-face-text-projection", "vit-hugging-face-text-projection"),
      ("vit-hugging-face", "vit-hugging-face-text-projection"),
      ("vit-hugging-face-image-projection", "vit-hugging-face-text"),
    ] {
      let error = #expect(throws: ModelError.self) { _ = try open(pair.0, pair.1) }
      #expect(error?.code == .cannotJoin, "\(pair)")
    }
  }
}
