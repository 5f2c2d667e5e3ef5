import Architecture
import Checkpoints
import Foundation
import Models
import ReferenceForward
import TestSupport
import Testing

@Suite("Changed copies of the items in one forward pass") struct VariationTests {
  private static let fixtures = ["valid/vit-torchscript-1.7.pt", "valid/rn-torchscript-1.7.pt"]

  private let itemCount = 2

  private func model(_ fixture: String) throws -> CLIPModel {
    var options = ModelOptions()
    options.preprocessing = .openAI
    return try CLIPModel(Checkpoint.open(Fixture.url(fixture).path), options: options)
  }

  private func images(_ forward: ReferenceForward) throws -> Tensor {
    let size = try #require(forward.model.architecture.image).imageSize
    let values = (0..<itemCount * 3 * size * size).map { Float($0 &* 7919 % 256) / 64 - 2 }
    return try forward.encodeImages(Tensor([itemCount, 3, size, size], values))
  }

  private func texts(_ forward: ReferenceForward) throws -> Tensor {
    let text = try #require(forward.model.architecture.text)
    return try forward.encodeTexts(
      (0..<itemCount).map { item in
        (0..<text.contextLength).map { Int32(($0 * 37 + item) % text.vocabularySize) }
      })
  }

  /// Embeddings of all copies, and the names of the changed matrices in the order of the copies.
  private func run(
    _ model: CLIPModel, _ tower: Tower, _ changes: @escaping (Parameter) throws(ModelError) -> [LayerChange]
  ) throws -> (Tensor, [String]) {
    var names: [String] = []
    let variation = Variation(itemCount: itemCount) { name throws(ModelError) in
      guard let parameter = model.schema.parameters.first(where: { $0.name.description == name }) else {
        return []
      }
      let changes = try changes(parameter)
      names += changes.map { _ in name }
      return changes
    }
    let forward = ReferenceForward(model, product: .portable, variation: variation)
    return (tower == .image ? try images(forward) : try texts(forward), names)
  }

  private func plain(_ model: CLIPModel, _ tower: Tower) throws -> [Float] {
    let forward = ReferenceForward(model, product: .portable)
    return tower == .image ? try images(forward).values : try texts(forward).values
  }

  private func copy(_ index: Int, of embeddings: Tensor) -> [Float] {
    let count = itemCount * embeddings.width
    return Array(embeddings.values[index * count..<(index + 1) * count])
  }

  @Test(
    "A copy whose change changes nothing has the bits of the unchanged items", arguments: fixtures,
    [Tower.image, .text])
  func unchanged(_ fixture: String, _ tower: Tower) throws {
    let model = try model(fixture)
    let (embeddings, names) = try run(model, tower) { parameter throws(ModelError) in
      [.weights(try model.values(of: parameter), addedToOutputs: nil), .inputs { $0 }]
        .dropFirst(parameter.role == .tokenTable ? 1 : 0).map { $0 }
    }
    let matrices = model.schema.parameters.filter {
      switch $0.role {
      case .linear, .projection, .convolution, .tokenTable: $0.tower == tower
      case .positions, .vector, .batchNorm, .logitScale, .logitBias: false
      }
    }
    #expect(Set(names) == Set(matrices.map(\.name.description)))
    let expected = try plain(model, tower)
    for index in 0...names.count { #expect(copy(index, of: embeddings) == expected, "\(index)") }
  }

  @Test(
    "Every copy has the bits that it has as the only changed one, and each change shows", arguments: fixtures,
    [Tower.image, .text])
  func independent(_ fixture: String, _ tower: Tower) throws {
    let model = try model(fixture)
    let change: (Parameter) throws(ModelError) -> [LayerChange] = { parameter throws(ModelError) in
      guard parameter.role != .tokenTable else { return [.inputs { $0.shifted }] }
      let values = try model.values(of: parameter)
      return [.weights(values.map { $0 * 0.9 }, addedToOutputs: nil), .inputs { $0.shifted }]
    }
    let (together, names) = try run(model, tower, change)
    let clean = try plain(model, tower)
    for (index, name) in Array(Set(names)).sorted().enumerated() where index % 3 == 0 {
      let (alone, own) = try run(model, tower) { parameter throws(ModelError) in
        parameter.name.description == name ? try change(parameter) : []
      }
      let first = try #require(names.firstIndex(of: name))
      for offset in own.indices {
        let embeddings = copy(1 + offset, of: alone)
        #expect(embeddings == copy(1 + first + offset, of: together), "\(name)")
        // The part of the input that all keys share does not reach the softmax.
        if !name.hasSuffix("k_proj.weight") { #expect(embeddings != clean, "\(name)") }
      }
    }
  }

  @Test("What a change adds to the outputs passes through the rest of the tower")
  func addition() throws {
    let model = try model(Self.fixtures[0])
    let (embeddings, _) = try run(model, .image) { parameter throws(ModelError) in
      guard parameter.name.description == "visual.proj" else { return [] }
      let values = try model.values(of: parameter)
      return [.weights(values, addedToOutputs: (0..<parameter.shape[1]).map { Float($0) })]
    }
    let clean = copy(0, of: embeddings)
    for (index, value) in copy(1, of: embeddings).enumerated() {
      #expect(value == clean[index] + Float(index % embeddings.width))
    }
  }
}

extension Tensor {
  fileprivate var shifted: Tensor { Tensor(shape, values.map { $0 + 0.25 * abs($0) }) }
}
