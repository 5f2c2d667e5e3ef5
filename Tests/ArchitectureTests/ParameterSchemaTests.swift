import Architecture
import Foundation
import TestSupport
import Testing

/// Names and shapes from the original implementations: Fixtures/architecture/make_schemas.py.
private struct OriginalSchemas: Decodable {
  var full: [String: [String]]

  static func read() throws -> OriginalSchemas {
    try Fixture.decoded("architecture/schemas.json", as: OriginalSchemas.self)
  }
}

@Suite("Parameters of an architecture") struct ParameterSchemaTests {
  static let text = TextTower(
    contextLength: 77, vocabularySize: 49408,
    stack: TransformerStack(
      width: 512, layers: 12, heads: 8, mlpWidth: 2048, activation: .quickGELU, epsilon: 1e-5),
    pooling: .highestID, projection: 512)

  static let vitB32 = CLIPArchitecture(
    image: .visionTransformer(
      imageSize: 224, patchSize: 32,
      stack: TransformerStack(
        width: 768, layers: 12, heads: 12, mlpWidth: 3072, activation: .quickGELU, epsilon: 1e-5),
      projection: 512),
    text: text)

  static var rn50: CLIPArchitecture {
    var text = text
    text.projection = 1024
    let image = ImageTower.modifiedResNet(
      imageSize: 224, width: 64, blocks: .init(3, 4, 6, 3), heads: 32, projection: 1024, epsilon: 1e-5)
    return CLIPArchitecture(image: image, text: text)
  }

  @Test(
    "The schema lists exactly the tensors of OpenAI's models",
    arguments: [("ViT-B/32", vitB32), ("RN50", rn50)])
  func namesAndShapes(_ name: String, _ architecture: CLIPArchitecture) throws {
    let original = try #require(try OriginalSchemas.read().full[name])
    let lines = ParameterSchema(architecture).parameters.map { parameter in
      "\(parameter.name) \(parameter.shape.map(String.init).joined(separator: ","))\n"
    }
    #expect(lines.sorted() == original)
  }

  @Test("Parameters belong to the towers present; the logit scale belongs to neither")
  func towersStandAlone() {
    let image = ParameterSchema(Self.vitB32.keeping(image: true, text: false)).parameters
    let text = ParameterSchema(Self.vitB32.keeping(image: false, text: true)).parameters
    #expect(image.allSatisfy { $0.tower == .image || $0.role == .logitScale })
    #expect(text.allSatisfy { $0.tower == .text || $0.role == .logitScale })
    #expect(image.count + text.count == 302 + 1)
  }

  @Test("The score's scale and bias come last; a source without a score has neither")
  func score() {
    func rest(_ score: Score.Kind?) -> [String] {
      let schema = ParameterSchema(Self.vitB32, score: score)
      #expect(schema.scoreKind == score)
      return schema.parameters.dropFirst(301).map { $0.name.description }
    }
    #expect(rest(nil) == [])
    #expect(rest(.softmax) == ["logit_scale"])
    #expect(rest(.sigmoid) == ["logit_scale", "logit_bias"])
  }

  @Test("A tower without its projection has all other tensors")
  func projectionIsOptional() {
    var architecture = Self.vitB32
    architecture.text?.projection = nil
    let names = ParameterSchema(architecture).parameters.map { $0.name.description }
    #expect(names.count == 301 && !names.contains("text_projection"))
  }
}

@Suite("Names of parameters") struct ParameterNameTests {
  @Test("A name is built from literals and indices")
  func building() {
    let name = ParameterName("visual.layer").appending(4).appending(".").appending(10).appending(
      ".bn1.weight")
    #expect(name.description == "visual.layer4.10.bn1.weight")
    #expect(name.replacingLastComponent(with: "scale").description == "visual.layer4.10.bn1.scale")
  }
}
