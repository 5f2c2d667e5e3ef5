import Architecture
import Archives
import Checkpoints
import Foundation
import Models
import TestSupport
import Testing

/// Settings that tensor shapes do not determine are never guessed.
@Suite("Missing settings") struct UndecidedTests {
  private let checkpoint: Checkpoint

  init() throws { checkpoint = try Checkpoint.open(ModelFixture.named("vit-state-dict-2.13.pt").path) }

  @Test(
    "For a bare state dict without options, activation, heads, pooling and preprocessing are errors with their options"
  )
  func bareStateDict() throws {
    let inspection = try ModelInspection(checkpoint)
    let codes = inspection.problems.map(\.code)
    #expect(
      Set(codes) == [.undecidedActivation, .undecidedHeads, .undecidedPooling, .undecidedPreprocessing])
    for (problem, flag) in zip(inspection.problems, inspection.problems.map(\.flag)) {
      #expect(problem.hint.contains(flag) && problem.category == .badData, "\(problem)")
    }
    #expect(throws: ModelError.self) { try CLIPModel(inspection) }
  }

  @Test("One error lists every missing option, with the heads of OpenAI's convention")
  func refusalNamesAll() throws {
    let refusal = try #require(try ModelInspection(checkpoint).refusal)
    for flag in ["--activation gelu", "--heads 1,1", "--pooling highest", "--preprocess openai"] {
      #expect(refusal.hint.contains(flag), "\(refusal.hint)")
    }
    var options = ModelOptions()
    options.activation = PerTower(both: .gelu)
    options.pooling = .highestID
    options.preprocessing = .openAI
    let headsAlone = try #require(try ModelInspection(checkpoint, options: options).refusal)
    #expect(headsAlone.hint.contains("--heads") && !headsAlone.hint.contains("--activation"))
  }

  @Test(
    "If a published architecture has these sizes, the error names it and its twin",
    arguments: ["ViT-B-32", "ViT-L-14"])
  func refusalNamesArchitecture(_ name: String) throws {
    let architecture = try #require(ArchitectureCatalogue.architecture(named: name))
    let file = try HollowCheckpoint(ParameterSchema(architecture))
    let refusal = try #require(try ModelInspection(Checkpoint.open(file.folder.path)).refusal)
    #expect(
      refusal.hint.contains("--architecture \(name) (LAION, DataComp) or \(name)-quickgelu"),
      "\(refusal.hint)")
    #expect(refusal.hint.contains("--preprocess") && !refusal.hint.contains("--heads"), "\(refusal.hint)")
    var options = ModelOptions()
    options.architectureName = name
    options.preprocessing = .openAI
    #expect(try ModelInspection(Checkpoint.open(file.folder.path), options: options).refusal == nil)
  }

  @Test("For MetaCLIP 2's files the name of its architecture decides the pooled id too")
  func metaCLIP2() throws {
    let name = "ViT-S-16-mT5-worldwide"
    let architecture = try #require(ArchitectureCatalogue.architecture(named: name))
    let file = try HollowCheckpoint(ParameterSchema(architecture))
    let checkpoint = try Checkpoint.open(file.folder.path)
    let refusal = try #require(try ModelInspection(checkpoint).refusal)
    #expect(refusal.hint.contains("--architecture \(name),"), "\(refusal.hint)")
    #expect(!refusal.hint.contains("--pooling"), "\(refusal.hint)")
    var options = ModelOptions()
    options.preprocessing = .openAI
    options.activation = PerTower(both: .gelu)
    options.heads = PerTower(both: 6)
    let pooling = try #require(try ModelInspection(checkpoint, options: options).refusal)
    #expect(pooling.code == .undecidedPooling)
    (options.activation, options.heads) = (PerTower(), PerTower())
    options.architectureName = name
    let inspection = try ModelInspection(checkpoint, options: options)
    #expect(inspection.refusal == nil && inspection.architecture == architecture)
    #expect(architecture.text?.pooling == .firstID(1))
  }

  @Test("A named architecture states the image size that the positions do not show")
  func imageSize() throws {
    let name = "ViT-SO400M-14-SigLIP-384"
    let architecture = try #require(ArchitectureCatalogue.architecture(named: name))
    let tower = CLIPArchitecture(image: architecture.image, text: nil)
    let file = try HollowCheckpoint(ParameterSchema(tower))
    var options = ModelOptions()
    options.preprocessing = .openAI
    let checkpoint = try Checkpoint.open(file.folder.path)
    #expect(try ModelInspection(checkpoint, options: options).architecture.image?.imageSize == 378)
    options.architectureName = name
    let inspection = try ModelInspection(checkpoint, options: options)
    #expect(inspection.architecture.image == architecture.image && inspection.refusal == nil)
    #expect(inspection.decisions.first { $0.field == "image.size" }?.source == .option)
    let pixels = try file.folder.write(
      Data(
        #"{"image_processor_type":"SiglipImageProcessor","size":{"height":384,"width":384},"resample":3}"#
          .utf8),
      to: "pixels.json")
    options.architectureName = nil
    options.preprocessing = .file(path: pixels)
    #expect(try ModelInspection(checkpoint, options: options).architecture.image?.imageSize == 384)
  }

  @Test("KerasHub's kernels have an axis of heads: without a configuration the shapes determine them")
  func headsFromKernels() throws {
    let fixture = URL(filePath: try ModelFixture.named("vit-keras-hub").path)
    let weights = try Data(contentsOf: fixture.appending(path: "model.weights.h5"))
    let folder = try TemporaryFolder()
    let inspection = try ModelInspection(Checkpoint.open(folder.write(weights, to: "alone.weights.h5")))
    for field in ["image.heads", "text.heads"] {
      let decision = try #require(inspection.decisions.first { $0.field == field })
      #expect(decision.value == "1" && decision.source == .tensors)
    }
    #expect(
      Set(inspection.problems.map(\.code)) == [
        .undecidedActivation, .undecidedPooling, .undecidedPreprocessing,
      ])
  }

  @Test("Options determine settings, and are reported as options")
  func optionsDecide() throws {
    var options = ModelOptions()
    options.activation = PerTower(both: .gelu)
    options.heads = PerTower(image: 2, text: 4)
    options.pooling = .firstID(127)
    options.preprocessing = .openAI
    let model = try CLIPModel(checkpoint, options: options)
    #expect(model.architecture.text?.stack.heads == 4)
    #expect(model.architecture.text?.stack.activation == .gelu)
    let heads = try #require(model.decisions.first { $0.field == "image.heads" })
    #expect(heads.source == .option && heads.value == "2")
    #expect(model.architecture.text?.pooling == .firstID(127))
  }

  @Test("Heads that do not divide the width are an error")
  func headsMustDivide() throws {
    var options = try ModelFixture.named("vit-state-dict-2.13.pt").options
    options.heads = PerTower(image: 3, text: 1)
    #expect(try ModelInspection(checkpoint, options: options).problems.map(\.code) == [.headsDoNotDivide])
  }

  @Test("An unknown architecture name, and one with other sizes than the tensors', are errors")
  func architectureNames() {
    var options = ModelOptions()
    options.architectureName = "ViT-Z-99"
    #expect(error(options)?.code == .unknownArchitectureName)
    options.architectureName = "ViT-B-32"
    #expect(error(options)?.code == .architectureContradictsTensors)
  }

  @Test("A single tower can be requested; the other is accounted for")
  func towerOption() throws {
    var options = try ModelFixture.named("vit-state-dict-2.13.pt").options
    options.tower = .text
    let model = try CLIPModel(checkpoint, options: options)
    #expect(model.architecture.image == nil && model.preprocessing == nil)
    #expect(model.schema.parameters.allSatisfy { $0.tower != .image })
    #expect(
      model.accounting.ignored.contains { $0.name == "visual.proj" && $0.reason == "tower not requested" })
  }

  private func error(_ options: ModelOptions) -> ModelError? {
    do throws(ModelError) {
      _ = try ModelInspection(checkpoint, options: options)
      return nil
    } catch {
      return error
    }
  }
}

extension ModelError {
  fileprivate var flag: String {
    switch code {
    case .undecidedActivation: "--activation"
    case .undecidedHeads: "--heads"
    case .undecidedPooling: "--pooling"
    default: "--preprocess"
    }
  }
}
