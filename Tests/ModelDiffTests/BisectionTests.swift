import Architecture
import ModelDiff
import Models
import TensorTypes
import Testing
import Verification

@Suite("Bisection of two models") struct BisectionTests {
  private static let changed = [
    "transformer.resblocks.1.mlp.c_fc.weight", "transformer.resblocks.0.attn.in_proj_weight",
    "ln_final.weight",
  ]
  /// Cosines of FP32 embeddings with open_clip's in FP64.
  private static let tolerance = 2e-6

  private func bisection(_ report: DiffReport, _ tower: Tower) throws -> Bisection {
    try #require(report.bisections.first { $0.tower == tower })
  }

  private func embeddings(_ report: DiffReport, _ tower: Tower) throws -> Metrics {
    try #require(report.embeddings.first { $0.tower == tower }).metrics
  }

  @Test("One changed tensor: open_clip's cosines, and the tensor alone is the cause", arguments: changed)
  func oneTensor(_ name: String) throws {
    let expected = try #require(try ExpectedDiff.read().tensors[name])
    let model = try DiffSubject.miniViT()
    let report = try DiffSubject.report(
      model.changing([name], storedAs: .f32, DiffSubject.scaled), model)
    let metrics = try embeddings(report, .text)
    #expect(abs(metrics.worstCosine - expected.worst) < Self.tolerance)
    #expect(abs(metrics.meanCosine - expected.mean) < Self.tolerance)
    #expect(report.embeddings.count == 1, "images are equal and are not embedded")
    let found = try bisection(report, .text)
    #expect(found.smallestSet?.map(\.name) == [name] && found.cosineOfSet == 1)
    #expect(found.effects.count == 1 && found.unmeasured.isEmpty)
    #expect(abs((found.effects.first?.moved ?? 0) - expected.worst) < Self.tolerance)
  }

  @Test(
    "Three changed tensors among many that are equal: the two that matter, and all in order of their effect")
  func threeTensors() throws {
    let expected = try ExpectedDiff.read()
    let model = try DiffSubject.miniViT()
    let report = try DiffSubject.report(
      model.changing(Self.changed, storedAs: .f32, DiffSubject.scaled), model)
    #expect(abs(try embeddings(report, .text).worstCosine - expected.all.worst) < Self.tolerance)
    let found = try bisection(report, .text)
    // The third moves texts by less than the 1 % that a set may leave.
    #expect(found.smallestSet?.map(\.name) == [Self.changed[1], Self.changed[2]])
    #expect(found.effects.map(\.part.name) == [Self.changed[1], Self.changed[2], Self.changed[0]])
  }

  @Test("Many small changes and a large one: the block, then the tensor with the large one")
  func largeAmongSmall() throws {
    let model = try DiffSubject.miniViT()
    let large = "visual.transformer.resblocks.1.mlp.c_proj.weight"
    let tuned = model.changingAll { parameter, values in
      for index in values.indices { values[index] *= index.isMultiple(of: 2) ? 1.00001 : 0.99999 }
      guard parameter.name.description == large else { return }
      for index in values.indices { values[index] *= index.isMultiple(of: 3) ? -2 : 1 }
    }
    let report = try DiffSubject.report(tuned, model)
    let found = try bisection(report, .image)
    #expect(found.smallestSet?.map(\.name) == [large] && found.smallestSet?.first?.kind == .tensor)
    #expect((found.cosineOfSet ?? 0) < 1 && (found.cosineOfSet ?? 0) > 0.9999)
    #expect(found.passes <= found.mostPasses)
  }

  @Test("A fine-tuned model: every tensor is listed, and many parts are needed together")
  func fineTuned() throws {
    let model = try DiffSubject.miniViT()
    let tuned = model.changingAll { _, values in
      for index in values.indices { values[index] *= 1 + Float(index * 7919 % 17 - 8) / 100 }
    }
    let report = try DiffSubject.report(model, tuned)
    #expect(report.verdict == .different && report.weights.equalCount < 5)
    let found = try bisection(report, .image)
    #expect((found.smallestSet?.count ?? 0) > 5 && found.effects.count > 12)
    #expect(found.effects.map(\.moved) == found.effects.map(\.moved).sorted())
  }

  @Test(
    "A bisection runs no more passes than allowed, and lists what it did not measure", arguments: [16, 20])
  func fewPasses(_ mostPasses: Int) throws {
    let model = try DiffSubject.miniViT()
    let tuned = model.changingAll { _, values in
      for index in values.indices { values[index] *= 1 + Float(index * 7919 % 17 - 8) / 100 }
    }
    let report = try DiffSubject.report(model, tuned) { $0.mostPasses = mostPasses }
    #expect(report.bisections.count == 2)
    for found in report.bisections {
      #expect(found.passes <= mostPasses && found.effects.count <= mostPasses, "\(found.passes)")
    }
    let images = try bisection(report, .image)
    #expect(
      !images.unmeasured.isEmpty
        && images.unmeasured.allSatisfy { part in
          !images.effects.contains { $0.part == part }
        })
  }

  @Test("Blocks in the wrong order: their tensors are needed together")
  func exchangedBlocks() throws {
    let model = try DiffSubject.miniViT()
    let other = try CLIPModelBox(model)
    let swapped = model.changingAll { parameter, values in
      let name = parameter.name.description
      let partner = name.replacing("transformer.resblocks.0.", with: "transformer.resblocks.#.")
        .replacing("transformer.resblocks.1.", with: "transformer.resblocks.0.")
        .replacing("transformer.resblocks.#.", with: "transformer.resblocks.1.")
      if !name.hasPrefix("visual."), partner != name { values = other.values[partner] ?? values }
    }
    let report = try DiffSubject.report(model, swapped)
    #expect(report.embeddings.map(\.tower) == [.text])
    let found = try bisection(report, .text)
    let set = found.smallestSet ?? []
    #expect(!set.isEmpty && set.allSatisfy { $0.name.hasPrefix("transformer.resblocks.") })
    #expect((found.cosineOfSet ?? 0) > 0.99)
  }

  @Test(
    "Only the activation differs: the weights are the same, and the setting is the cause; open_clip's cosines"
  )
  func activation() throws {
    let expected = try ExpectedDiff.read()
    let model = try DiffSubject.miniViT()
    let gelu = try DiffSubject.miniViT { $0.activation = PerTower(both: .gelu) }
    let report = try DiffSubject.report(model, gelu)
    #expect(report.settings.map(\.field) == ["image.activation", "text.activation"])
    #expect(report.weights.equalCount == model.schema.parameters.count && report.verdict == .different)
    #expect(abs(try embeddings(report, .text).worstCosine - expected.gelu.worst) < Self.tolerance)
    for tower in Tower.allCases {
      let found = try bisection(report, tower)
      #expect(found.smallestSet?.map(\.name) == ["\(tower).activation"] && found.cosineOfSet == 1)
    }
  }

  @Test("Only the crop differs: preprocessing is the cause, and texts are not embedded")
  func preprocessing() throws {
    let model = try DiffSubject.miniViT()
    let other = try DiffSubject.miniViT { options in
      var preprocessing = Preprocessing.openAI
      preprocessing.interpolation = .bilinear
      options.preprocessing = .exactly(preprocessing)
    }
    let report = try DiffSubject.report(model, other)
    #expect(report.settings.map(\.field) == ["preprocess.interpolation"])
    #expect(try bisection(report, .image).smallestSet?.map(\.name) == ["preprocess"])
    #expect(report.skipped.map(\.tower) == [.text])
  }

  @Test("Tensors that compensate each other move nothing, so that nothing is bisected")
  func compensated() throws {
    let model = try DiffSubject.miniViT()
    let gain = ["transformer.resblocks.0.ln_1.weight", "transformer.resblocks.0.ln_1.bias"]
    let scaled = model.changing(gain) { values in for index in values.indices { values[index] *= 2 } }
      .changing(["transformer.resblocks.0.attn.in_proj_weight"]) { values in
        for index in values.indices { values[index] /= 2 }
      }
    let report = try DiffSubject.report(model, scaled)
    #expect(report.verdict == .different && report.weights.differences.count == 3)
    // Powers of two change no bit.
    #expect(try embeddings(report, .text).worstCosine > 1 - 1e-12 && report.bisections.isEmpty)
  }

  @Test("Without embeddings nothing runs")
  func weightsOnly() throws {
    let model = try DiffSubject.miniViT()
    let report = try DiffSubject.report(model, model.changing(["ln_final.weight"]) { $0[0] += 1 }) {
      $0.comparesEmbeddings = false
    }
    #expect(report.embeddings.isEmpty && report.bisections.isEmpty && report.product == nil)
  }
}

/// All values of a model, by canonical name.
private struct CLIPModelBox: Sendable {
  let values: [String: [Float]]

  init(_ model: CLIPModel) throws {
    var values: [String: [Float]] = [:]
    for parameter in model.schema.parameters {
      values[parameter.name.description] = try model.values(of: parameter)
    }
    self.values = values
  }
}
