import Architecture
import BundleFormat
import Checkpoints
import Foundation
import Models
import ReferenceForward
import TestSupport
import Testing

@Suite("Inputs of the reference's layers") struct LayerInputsTests {
  private func model(_ fixture: String) throws -> CLIPModel {
    var options = ModelOptions()
    options.preprocessing = .openAI
    return try CLIPModel(Checkpoint.open(Fixture.url(fixture).path), options: options)
  }

  private func pixels(_ model: CLIPModel) throws -> Tensor {
    let size = try #require(model.architecture.image).imageSize
    return Tensor([2, 3, size, size], (0..<6 * size * size).map { Float($0 &* 7919 % 256) / 64 - 2 })
  }

  @Test(
    "Each matrix has its inputs once, as many as it has columns",
    arguments: ["valid/vit-torchscript-1.7.pt", "valid/rn-torchscript-1.7.pt"])
  func everyMatrix(_ fixture: String) throws {
    let model = try model(fixture)
    var widths: [String: Int] = [:]
    let forward = ReferenceForward(model, product: .portable) { name, inputs in
      #expect(widths[name] == nil && inputs.largest > 0)
      #expect(inputs.rows(0..<inputs.rowCount).count == inputs.rowCount * inputs.width)
      widths[name] = inputs.width
    }
    _ = try forward.encodeImages(pixels(model))
    let text = try #require(model.architecture.text)
    _ = try forward.encodeTexts([(0..<text.contextLength).map { Int32($0 * 37 % text.vocabularySize) }])
    for parameter in model.schema.parameters {
      switch parameter.role {
      case .linear, .projection, .convolution:
        let matrix = try #require(WeightMatrix(parameter))
        #expect(widths.removeValue(forKey: parameter.name.description) == matrix.inputs, "\(parameter.name)")
      case .tokenTable, .positions, .vector, .batchNorm, .logitScale, .logitBias: break
      }
    }
    #expect(widths.isEmpty)
  }

  /// The stem's stage follows the first convolution only in a ViT: its patches times the stored rows are the tokens.
  @Test("Rows of convolutions are in the order of a bundle's weights")
  func orderOfConvolutions() throws {
    for (fixture, name) in [
      ("valid/vit-torchscript-1.7.pt", "visual.conv1.weight"),
      ("valid/rn-torchscript-1.7.pt", "visual.conv1.weight"),
    ] {
      let model = try model(fixture)
      let pixels = try pixels(model)
      let size = pixels.shape[2]
      var first: [Float] = []
      var middle: [Float] = []
      var perLine = 0
      let forward = ReferenceForward(model, product: .portable) { layer, inputs in
        guard layer == name else { return }
        let isPatch = fixture.contains("vit")
        perLine = isPatch ? 0 : size / 2
        let row = isPatch ? 0 : perLine + 1  // output (1, 1): pixels (1 … 3, 1 … 3)
        first = inputs.rows(0..<1)
        middle = inputs.rows(row..<row + 1)
      }
      _ = try forward.encodeImages(pixels)
      let side = perLine == 0 ? Int(Double(middle.count / 3).squareRoot()) : 3
      let offset = perLine == 0 ? 0 : 1
      for y in 0..<side {
        for x in 0..<side {
          for channel in 0..<3 {
            let pixel = pixels.values[(channel * size + y + offset) * size + x + offset]
            #expect(middle[(y * side + x) * 3 + channel] == pixel)
          }
        }
      }
      if perLine > 0 { #expect(first[..<9].allSatisfy { $0 == 0 }) }  // above the image
    }
  }

  @Test("Texts without the positions behind their ends have the same embeddings")
  func cutTexts() throws {
    let model = try model("valid/vit-torchscript-1.7.pt")
    let tower = try #require(model.architecture.text)
    let (start, end) = (Int32(tower.vocabularySize - 2), Int32(tower.vocabularySize - 1))
    let texts = [[start, 5, 9, end], [start, 7, end, 0], [start, end, 0, 0]]
    let complete = texts.map { $0 + [Int32](repeating: 0, count: tower.contextLength - 4) }
    let forward = ReferenceForward(model, product: .portable)
    #expect(try forward.encodeTexts(cut: texts) == forward.encodeTexts(complete))
  }
}
