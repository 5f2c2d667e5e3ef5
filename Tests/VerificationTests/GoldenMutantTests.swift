import Architecture
import BundleFormat
import Checkpoints
import Foundation
import Models
import TestSupport
import Testing
import Verification

/// Golden files with images and texts detect what prepared pixels and ids cannot: each wrong setting fails, and the
/// report names the first stage that differs (`Fixtures/golden/make_input_goldens.py`).
@Suite("Mutants compared with goldens") struct GoldenMutantTests {
  private func golden(_ name: String) throws -> GoldenFile {
    try GoldenFile(path: Fixture.url("golden/inputs/\(name).safetensors").path)
  }

  /// Only prepared pixels and ids, with the texts.
  private func oldGolden() throws -> GoldenFile {
    try GoldenFile(path: Fixture.url("minis/goldens/mini-vit.safetensors").path)
  }

  /// Compares the bundle of a model and the model itself with the golden file.
  private func reports(_ model: CLIPModel, _ golden: GoldenFile) throws -> [Report] {
    [
      try VerificationSubject.withBundle(of: model, .fp16) {
        try Verifier.compare(OpenBundle(path: $0), with: golden)
      },
      try Verifier.compare(model, with: golden, reference: .underTest),
    ]
  }

  @Test("Correct settings pass: every pixel and every id is equal, and the images determine every setting")
  func faithful() throws {
    for report in try reports(VerificationSubject.miniViT(), golden("mini-vit")) {
      #expect(report.verdict == .pass, "\(report.rendered)")
      let pixels = try #require(report.inputs?.preprocessing)
      #expect(pixels.status == .equal && pixels.differing == 0 && pixels.images == 6)
      #expect(pixels.normalization == 0 && pixels.undetermined.isEmpty, "\(pixels)")
      #expect(report.inputs?.tokenizer?.status == .equal && report.inputs?.tokenizer?.texts == 11)
    }
  }

  struct Mutant: Sendable, CustomTestStringConvertible {
    var name: String
    /// The explanation in the report.
    var explanation: String
    var change: @Sendable (inout Preprocessing) -> Void
    var testDescription: String { name }

    static let all = [
      Mutant(name: "mean", explanation: "mean 0.4814 0.4578 0.4082") { $0.mean = .init(0.5, 0.5, 0.5) },
      Mutant(name: "std", explanation: "std 0.2686 0.2613 0.2757") {
        $0.standardDeviation = .init(0.27, 0.2613, 0.2758)
      },
      Mutant(name: "interpolation", explanation: "interpolation bicubic") { $0.interpolation = .bilinear },
      Mutant(name: "crop rounding", explanation: "crop rounding halfToEven") { $0.crop = .down },
      Mutant(name: "conversion order", explanation: "conversion after resizing") {
        $0.conversion = .beforeResize
      },
      Mutant(name: "squash", explanation: "resize shortest") { $0.resize = .squash },
      Mutant(
        name: "transformers' instead of OpenAI's", explanation: "crop rounding halfToEven, conversion after"
      ) {
        ($0.crop, $0.conversion) = (.down, .beforeResize)
      },
    ]
  }

  @Test("A wrong preprocessing setting fails before the model, with its name", arguments: Mutant.all)
  func preprocessing(_ mutant: Mutant) throws {
    let model = try VerificationSubject.miniViT(mutant.change)
    for report in try reports(model, golden("mini-vit")) {
      #expect(report.verdict == .fail && report.inputs?.preprocessing?.status == .differs)
      #expect(report.image?.divergence?.stage == "preprocessing", "\(report.rendered)")
      #expect(report.text?.divergence == nil && report.inputs?.tokenizer?.status == .equal)
      #expect(report.reasons.contains { $0.contains(mutant.explanation) }, "\(report.reasons)")
    }
    // Prepared pixels cannot detect it, and the report says so.
    for report in try reports(model, oldGolden()) {
      #expect(report.verdict == .pass && report.inputs?.preprocessing?.status == .notCompared)
      #expect(report.rendered.contains("preprocessing: not compared"), "\(report.rendered)")
      #expect(report.inputs?.tokenizer?.status == .equal, "its texts are compared")
    }
  }

  @Test("Pooling at another position fails at pooling", arguments: [320, 49406])
  func pooling(_ id: Int) throws {
    let model = try VerificationSubject.miniViT(pooling: .firstID(id)) { _ in }
    for report in try reports(model, golden("mini-vit")) {
      #expect(report.verdict == .fail && report.inputs?.pooling?.status == .differs, "\(report.rendered)")
      #expect(report.image?.divergence == nil && report.inputs?.tokenizer?.status == .equal)
      #expect(report.reasons.contains { $0.hasPrefix("pooling: ") }, "\(report.reasons)")
      // Every text begins with 49406. 320 is missing in most texts, so nothing can be computed.
      #expect(report.text?.divergence?.stage == (id == 320 ? nil : "pooling"), "\(report.rendered)")
    }
    let same = try VerificationSubject.miniViT(pooling: .firstID(49407)) { _ in }
    for report in try reports(same, golden("mini-vit")) {
      #expect(report.verdict == .pass, "the end of text is its highest id: \(report.rendered)")
    }
  }

  @Test("Another tokenizer fails before the model, at the first text that differs")
  func tokenizer() throws {
    for report in try reports(VerificationSubject.miniViT(), golden("mini-vit-canonical")) {
      #expect(report.verdict == .fail && report.inputs?.tokenizer?.status == .differs)
      #expect(report.text?.divergence?.stage == "tokenizer", "\(report.rendered)")
      #expect(report.image?.divergence == nil && report.inputs?.preprocessing?.status == .equal)
      #expect(report.reasons.contains { $0.contains("of 11 texts have other ids") }, "\(report.reasons)")
    }
  }

  @Test("Without a tokenizer in the model, or texts in the golden file, the tokenizer is not compared")
  func withoutTokenizer() throws {
    let report = try Verifier.compare(
      tiny("vit-open-clip"), with: golden("vit-open-clip"), reference: .underTest)
    #expect(report.verdict == .pass && report.inputs?.preprocessing?.status == .equal, "\(report.rendered)")
    #expect(report.rendered.contains("tokenizer: not compared (the golden file holds no texts"))
    var options = ModelOptions()
    options.tokenizer = TokenizerChoice.none
    let model = try CLIPModel(Checkpoint.open(Fixture.url("minis/mini-vit.pt").path), options: options)
    let other = try Verifier.compare(model, with: golden("mini-vit"), reference: .underTest)
    #expect(
      other.rendered.contains("tokenizer: not compared (the model has no tokenizer)"), "\(other.rendered)")
  }

  @Test("If the original composites on white and alpha is dropped, the report fails and names alpha")
  func alpha() throws {
    let white = try tiny("vit-hugging-face") { $0.alpha = .white }
    for report in try reports(white, golden("vit-hugging-face-white")) {
      #expect(report.verdict == .pass && report.inputs?.preprocessing?.status == .equal, "\(report.rendered)")
    }
    let dropped = try tiny("vit-hugging-face") { $0.alpha = .drop }
    for report in try reports(dropped, golden("vit-hugging-face-white")) {
      #expect(
        report.verdict == .fail && report.rendered.contains("made with alpha white"), "\(report.rendered)")
    }
    let opaque = try Verifier.compare(
      white, with: golden("vit-hugging-face-torchvision"), reference: .underTest)
    #expect(opaque.verdict == .pass && opaque.inputs?.preprocessing?.undetermined.contains("alpha") == true)
  }

  @Test("Another resize backend does not fail: the report states how many values differ and by how much")
  func backends() throws {
    for (mine, theirs) in [(Preprocessing.Backend.pillow, "torchvision"), (.torchvision, "pillow")] {
      let model = try tiny("vit-hugging-face") { $0.backend = mine }
      let other = "vit-hugging-face" + (theirs == "pillow" ? "" : "-torchvision")
      let report = try Verifier.compare(model, with: golden(other), reference: .underTest)
      #expect(report.verdict == .pass, "\(report.rendered)")
      let pixels = try #require(report.inputs?.preprocessing)
      #expect(pixels.status == .close && pixels.differing > 0 && pixels.largestDifference <= 2, "\(pixels)")
      #expect(pixels.reason?.contains("the golden file was resized with \(theirs)") == true, "\(pixels)")
      let own = "vit-hugging-face" + (mine == .pillow ? "" : "-torchvision")
      let same = try Verifier.compare(model, with: golden(own), reference: .underTest)
      #expect(same.verdict == .pass && same.inputs?.preprocessing?.status == .equal, "\(same.rendered)")
    }
    let wrong = try Verifier.compare(
      tiny("vit-hugging-face") { $0.interpolation = .bilinear },
      with: golden("vit-hugging-face-torchvision"), reference: .underTest)
    #expect(wrong.verdict == .fail && wrong.rendered.contains("interpolation bicubic"), "\(wrong.rendered)")
  }

  private func tiny(_ fixture: String, _ change: (inout Preprocessing) -> Void) throws -> CLIPModel {
    let checkpoint = try Checkpoint.open(Fixture.url("valid/\(fixture)").path)
    var preprocessing = try #require(try CLIPModel(checkpoint).preprocessing)
    change(&preprocessing)
    var options = ModelOptions()
    options.preprocessing = .exactly(preprocessing)
    return try CLIPModel(checkpoint, options: options)
  }

  private func tiny(_ fixture: String) throws -> CLIPModel {
    try CLIPModel(Checkpoint.open(Fixture.url("valid/\(fixture)").path))
  }

  @Test(
    "A golden file whose images or texts do not match is an error with the field",
    arguments: [
      ("\\\"RGB\\\"", "\\\"BGR\\\"", "image.modes"), ("\\\"RGB\\\"", "\\\"CMYK\\\"", "image.samples.0"),
      ("image.samples.2", "image.samples.9", "image.samples.2"),
      ("image.levels", "image.lovels", "image.levels"),
      ("image.backend", "image.backemd", "image.backend"), ("\\\"dog\\\", ", "", "text.strings"),
      ("[\\\"RGB\\\", ", "[1, ", "image.modes"),
    ])
  func malformed(_ text: String, _ replacement: String, _ field: String) throws {
    var data = try Fixture.data("golden/inputs/mini-vit.safetensors")
    let length = Int(data.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
    let header = String(decoding: data[8..<8 + length], as: UTF8.self)
    let place = try #require(header.range(of: text))
    let changed = header.replacingCharacters(in: place, with: replacement)
    data =
      withUnsafeBytes(of: UInt64(changed.utf8.count).littleEndian) { Data($0) } + Data(changed.utf8)
      + data[(8 + length)...]
    let folder = try TemporaryFolder()
    let file = try folder.write(data, to: "golden.safetensors")
    let error = #expect(throws: VerificationError.self) { try GoldenFile(path: file) }
    #expect(error?.description.contains(field) == true, "\(String(describing: error))")
  }
}

extension InputReport {
  fileprivate var failures: [InputReport.Status] {
    [preprocessing?.status, tokenizer?.status].compactMap { $0 }.filter { $0 == .differs }
  }
}
