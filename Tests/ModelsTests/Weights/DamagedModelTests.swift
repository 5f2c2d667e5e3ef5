import Architecture
import Archives
import Checkpoints
import Models
import Synchronization
import TensorTypes
import Testing

/// Tensors that are missing, unexpected, misshaped or not finite: each gives one line with the tensor.
@Suite("Damaged models") struct DamagedModelTests {
  private static let options: ModelOptions = {
    var options = ModelOptions()
    options.activation = PerTower(both: .quickGELU)
    options.heads = PerTower(both: 1)
    options.preprocessing = .openAI
    options.pooling = .highestID
    return options
  }()

  private func problem(_ edited: EditedCheckpoint) throws -> ModelError {
    try edited.open { checkpoint in
      try #require(throws: ModelError.self) { try CLIPModel(checkpoint, options: Self.options) }
    }
  }

  @Test("An unmodified copy opens")
  func untouched() throws {
    try EditedCheckpoint("vit.safetensors").open { checkpoint in
      _ = try CLIPModel(checkpoint, options: Self.options)
    }
  }

  @Test(
    "A missing tensor is reported",
    arguments: ["visual.ln_post.bias", "transformer.resblocks.0.mlp.c_fc.bias", "text_projection"])
  func missing(_ name: String) throws {
    var edited = try EditedCheckpoint("vit.safetensors")
    edited.remove(name)
    let error = try problem(edited)
    #expect(error.code == .missingTensors && error.description.contains(name), "\(error)")
  }

  @Test(
    "A tower with a single remaining tensor is incomplete, not absent",
    arguments: [
      "token_embedding.weight", "positional_embedding", "transformer.", "ln_final.", "text_projection",
    ])
  func brokenTower(_ kept: String) throws {
    var edited = try EditedCheckpoint("vit.safetensors")
    edited.keep { $0.hasPrefix("visual.") || $0.hasPrefix(kept) }
    #expect(try problem(edited).code == .missingTensors)
    var options = Self.options
    options.tower = .image
    try edited.open { checkpoint in
      let model = try CLIPModel(checkpoint, options: options)
      #expect(model.architecture.text == nil)
    }
  }

  @Test(
    "A text tower of another kind is an error, or ignored with a note if only the image tower is requested")
  func otherTextTower() throws {
    var edited = try EditedCheckpoint("vit.safetensors")
    edited.keep { $0.hasPrefix("visual.") }
    edited.add("bert.encoder.layer.0.output.dense.weight", shape: [4, 4])
    let error = try problem(edited)
    #expect(error.code == .unsupportedArchitecture && error.description.contains("bert."), "\(error)")
    var options = Self.options
    options.tower = .image
    try edited.open { checkpoint in
      let model = try CLIPModel(checkpoint, options: options)
      #expect(model.notes.contains { $0.contains("bert.encoder") }, "\(model.notes)")
    }
    options.tower = .text
    try edited.open { checkpoint in
      let error = try #require(throws: ModelError.self) { try CLIPModel(checkpoint, options: options) }
      #expect(error.code == .unsupportedArchitecture && error.hint.contains("--tower image"))
    }
  }

  @Test("A single tower without its projection is valid; next to the other tower it is an error")
  func projectionMissing() throws {
    var edited = try EditedCheckpoint("vit.safetensors")
    edited.remove("visual.proj")
    #expect(try problem(edited).description.contains("visual.proj"))
    var options = Self.options
    options.tower = .image
    try edited.open { checkpoint in
      let model = try CLIPModel(checkpoint, options: options)
      #expect(model.architecture.image?.projection == nil)
    }
  }

  @Test("An unexpected tensor is reported")
  func unexpected() throws {
    var edited = try EditedCheckpoint("vit.safetensors")
    edited.add("adapter.down.weight", shape: [4, 64])
    let error = try problem(edited)
    #expect(error.code == .unexpectedTensors && error.description.contains("adapter.down.weight"))
  }

  @Test("A misshaped tensor is an error with the expected and the found shape")
  func misshaped() throws {
    var edited = try EditedCheckpoint("vit.safetensors")
    edited.reshape("visual.ln_post.weight", to: [8, 8])
    let error = try problem(edited)
    #expect(error.code == .wrongShape && error.expected == "[64]" && error.found == "[8, 8]", "\(error)")
  }

  @Test("Positions that form no square grid are an error")
  func grid() throws {
    var edited = try EditedCheckpoint("vit.safetensors")
    edited.reshape("visual.positional_embedding", to: [5, 128])
    edited.reshape("visual.positional_embedding", to: [20, 32])
    #expect(try problem(edited).code == .impossibleShape)
  }

  @Test("NaN, infinity and negative variances are errors with tensor and index when a value is read")
  func values() throws {
    for (fixture, tensor, value, code) in [
      ("vit.safetensors", "visual.proj", Float.nan, ModelError.Code.notFinite),
      ("vit.safetensors", "visual.proj", -.infinity, .notFinite),
      ("rn-model-wrapped.pt", "visual.bn2.running_var", -0.5, .negativeVariance),
    ] {
      var edited = try EditedCheckpoint(fixture)
      edited.set(tensor, element: 1, to: value)
      var options = Self.options
      if fixture == "rn-model-wrapped.pt" { options.heads = PerTower(text: 1) }
      try edited.open { checkpoint in
        let model = try CLIPModel(checkpoint, options: options)
        let parameter = try #require(model.schema.parameters.first { $0.name.description == tensor })
        let error = try #require(throws: ModelError.self) { try model.values(of: parameter) }
        #expect(error.code == code && error.tensor == tensor && error.found?.contains("index 1") == true)
      }
    }
  }

  @Test("A logit scale whose exponential overflows is an error, because every probability would be NaN")
  func infiniteScale() throws {
    var edited = try EditedCheckpoint("vit.safetensors")
    edited.set("logit_scale", element: 0, to: 88.73)
    try edited.open { checkpoint in
      let model = try CLIPModel(checkpoint, options: Self.options)
      let parameter = try #require(model.schema.parameters.first { $0.role == .logitScale })
      let error = try #require(throws: ModelError.self) { try model.values(of: parameter) }
      #expect(error.code == .notFinite && error.tensor == "logit_scale")
    }
  }

  /// If values change after their first reading, only a second check could detect it.
  @Test("A parameter is checked once, and each time if it is read in parts")
  func lookedAtOnce() throws {
    let fixture = try ModelFixture.named("vit.safetensors").open()
    let parameter = try #require(fixture.schema.parameters.first { $0.name.description == "visual.proj" })
    func model(readings: Int) -> CLIPModel {
      CLIPModel(
        architecture: fixture.architecture, preprocessing: nil, tokenizer: .none, schema: fixture.schema,
        accounting: fixture.accounting, source: fixture.source, store: DecayingStore(soundReadings: readings))
    }
    let sound = model(readings: 1)
    #expect(try sound.values(of: parameter).allSatisfy { $0 == 1 })
    #expect(try sound.values(of: parameter).allSatisfy(\.isNaN))
    let partly = model(readings: 1)
    #expect(try partly.values(of: parameter, in: 0..<4) == [1, 1, 1, 1])
    let error = try #require(throws: ModelError.self) { try partly.values(of: parameter) }
    #expect(error.code == .notFinite)
    #expect(throws: ModelError.self) { try partly.values(of: parameter) }
  }

  @Test("Every code has a summary and a hint")
  func texts() {
    for code in ModelError.Code.allCases { #expect(!code.summary.isEmpty && !code.hint.isEmpty) }
  }

  @Test("No number is both a reader's and a model's error")
  func numbersDiffer() {
    let numbers = Set(ModelError.Code.allCases.map(\.rawValue))
    #expect(numbers.isDisjoint(with: ReadError.Code.all.map(\.rawValue)))
  }
}

/// Ones for some readings, then NaN.
private final class DecayingStore: ParameterStore {
  private let left: Mutex<Int>

  init(soundReadings: Int) { left = Mutex(soundReadings) }

  func read(
    _ parameter: Parameter, from first: Int, into output: UnsafeMutableBufferPointer<Float>
  ) throws(ModelError) {
    let isSound = left.withLock { left in
      left -= 1
      return left >= 0
    }
    output.update(repeating: isSound ? 1 : .nan)
  }

  func withMappedValues<Result>(
    of parameter: Parameter, _ body: (UnsafeBufferPointer<Float>?) -> Result
  ) throws(ModelError) -> Result {
    body(nil)
  }

  func storedType(of parameter: Parameter) -> DType { .f32 }
  func release(_ parameter: Parameter) {}
}
