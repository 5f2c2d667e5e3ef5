import Architecture
import BundleFormat
import Checkpoints
import Foundation
import Models
import TestSupport
import Testing
import Verification

/// big_vision's parameter trees, computed by flax (`Fixtures/siglip/make_big_vision.py`).
@Suite("big_vision") struct BigVisionTests {
  /// One set of weights: layers in tensors of their own, stacked by `nn.scan`, and with positions in two tables.
  static let files = ["big-vision", "big-vision-scanned", "big-vision-positions"]

  @Test("Kernels show the heads, and the code fixes activation, epsilon and pooling", arguments: files)
  func settings(_ file: String) throws {
    let inspection = try ModelInspection(Self.checkpoint(file))
    #expect(inspection.convention == "big_vision" && inspection.scoreKind == .sigmoid)
    let (image, text) = (
      try #require(inspection.architecture.image), try #require(inspection.architecture.text)
    )
    #expect(image.pool == .probe(ProbePool(heads: 2, mlpWidth: 72)) && image.heads == 2)
    #expect(image.activation == .geluTanh && image.epsilon == 1e-6 && image.imageSize == 18)
    #expect(text.stack.heads == 3 && text.stack.activation == .geluTanh && text.stack.epsilon == 1e-6)
    #expect(text.pooling == .last && !text.isCausal && text.hasProjectionBias && text.projection == 40)
    for field in ["image.heads", "text.heads"] {
      #expect(inspection.decisions.first { $0.field == field }?.source == .tensors, "\(field)")
    }
  }

  @Test(
    "Only the preprocessing is missing. The hint names SigLIP's, and a note says that big_vision resizes otherwise"
  )
  func preprocessing() throws {
    let inspection = try ModelInspection(Self.checkpoint("big-vision"))
    #expect(inspection.problems.map(\.code) == [.undecidedPreprocessing])
    for hint in [try #require(inspection.problems.first).hint, try #require(inspection.refusal).hint] {
      #expect(hint.contains("preprocessor_config.json") && !hint.contains("openai"), "\(hint)")
    }
    #expect(inspection.notes.contains { $0.contains("tf.image.resize") })
  }

  @Test("flax's vectors are met from each file", arguments: files)
  func vectors(_ file: String) throws {
    let report = try Verifier.compare(Self.model(file), with: Self.golden(), reference: .underTest)
    #expect(report.verdict == .pass, "\(report.rendered)")
    let towers = [report.image, report.text].compactMap { $0 }
    #expect(towers.count == 2 && towers.allSatisfy { $0.original != nil && $0.stages.count >= 3 })
  }

  @Test("An FP32 bundle in the runtime meets the same bound")
  func bundle() throws {
    let report = try VerificationSubject.withBundle(of: Self.model("big-vision-scanned"), .fp32) {
      try Verifier.compare(OpenBundle(path: $0), with: Self.golden())
    }
    #expect(report.verdict == .pass, "\(report.rendered)")
  }

  @Test("The files hold the same values, and the tower ids are the same")
  func identities() throws {
    let models = try Self.files.map(Self.model)
    let spaces = try models.map { try SpaceID(of: $0) }
    #expect(Set(spaces.map(\.image)).count == 1 && Set(spaces.map(\.text)).count == 1)
  }

  @Test("What a training run saves beside its parameters is listed, and the layers of a scan are noted")
  func accounting() throws {
    let inspection = try ModelInspection(Self.checkpoint("big-vision"))
    #expect(inspection.accounting.ignored.map(\.name) == ["opt.0", "chrono"])
    #expect(inspection.accounting.ignored.map(\.tensorCount) == [7, 1])
    let scanned = try ModelInspection(Self.checkpoint("big-vision-scanned"))
    #expect(scanned.notes.contains { $0.hasPrefix("32 tensors of the file hold all layers") })
    let positions = try ModelInspection(Self.checkpoint("big-vision-positions"))
    #expect(positions.notes.contains { $0.contains("txt/Encoder_0/pos_embedding") })
  }

  @Test("Each tower can be taken alone", arguments: [Tower.image, .text])
  func towers(_ tower: Tower) throws {
    var options = Self.options
    options.tower = tower
    let model = try CLIPModel(Self.checkpoint("big-vision-scanned"), options: options)
    let whole = try Self.model("big-vision")
    for parameter in model.schema.parameters {
      #expect(try model.values(of: parameter) == whole.values(of: parameter), "\(parameter.name)")
    }
    #expect((model.architecture.image == nil) == (tower == .text))
  }

  private static func checkpoint(_ file: String) throws -> Checkpoint {
    try Checkpoint.open(Fixture.url("siglip/\(file).npz").path)
  }

  private static func model(_ file: String) throws -> CLIPModel {
    try CLIPModel(checkpoint(file), options: options)
  }

  private static func golden() throws -> GoldenFile {
    try GoldenFile(path: Fixture.url("siglip/big-vision.safetensors").path)
  }

  private static var options: ModelOptions {
    var options = ModelOptions()
    options.preprocessing = .openAI
    return options
  }
}
