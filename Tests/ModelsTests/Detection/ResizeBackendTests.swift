import Architecture
import Foundation
import Models
import TestSupport
import Testing

/// The resize backend according to a checkpoint's files.
@Suite("Resizing as configurations state it") struct ResizeBackendTests {
  /// The contents of preprocessor_config.json and config.json, and the expected result.
  struct Case: CustomTestStringConvertible {
    var processor: String
    var version: String?
    var backend: Preprocessing.Backend
    var isNoted = false

    var testDescription: String { "\(processor), version \(version ?? "none")" }
  }

  static let slow = #""image_processor_type":"CLIPImageProcessor""#
  static let fast = #""image_processor_type":"CLIPImageProcessorFast""#
  static let pil = #""image_processor_type":"CLIPImageProcessorPil""#

  static let cases = [
    Case(processor: slow, version: nil, backend: .pillow, isNoted: true),
    Case(processor: slow, version: "4.57.1", backend: .pillow, isNoted: true),
    Case(processor: slow, version: "5.23.0", backend: .torchvision),
    Case(processor: slow, version: "5.0.0.dev0", backend: .torchvision),
    Case(processor: slow, version: "10.1", backend: .torchvision),
    Case(processor: slow, version: "main", backend: .pillow, isNoted: true),
    Case(
      processor: #""feature_extractor_type":"CLIPFeatureExtractor""#, version: "4.16.0.dev0",
      backend: .pillow, isNoted: true),
    Case(processor: fast, version: nil, backend: .torchvision),
    Case(processor: fast, version: "4.50.0", backend: .torchvision),
    Case(processor: fast + #","use_fast":true"#, version: nil, backend: .torchvision),
    Case(processor: slow + #","use_fast":true"#, version: "4.50.0", backend: .torchvision),
    Case(processor: slow + #","use_fast":false"#, version: "5.23.0", backend: .pillow),
    Case(processor: pil, version: "5.23.0", backend: .pillow),
    Case(processor: slow + #","transformers_version":"5.1.0""#, version: "4.46.0", backend: .torchvision),
    Case(
      processor: slow + #","transformers_version":"4.46.0""#, version: "5.1.0", backend: .pillow,
      isNoted: true),
  ]

  private func files(_ it: Case) -> ProcessorFiles {
    ProcessorFiles(processor: it.processor, version: it.version)
  }

  private func isNoted(_ inspection: ModelInspection) -> Bool {
    inspection.notes.contains { $0.contains("resized with Pillow") && $0.contains("--resize-backend") }
  }

  @Test(
    "A fast class, use_fast or a release from 5 on means torchvision, anything else Pillow",
    arguments: cases)
  func configured(_ it: Case) throws {
    let inspection = try files(it).inspection()
    #expect(inspection.preprocessing?.backend == it.backend)
    #expect(isNoted(inspection) == it.isNoted)
    let decision = try #require(inspection.decisions.first { $0.field == "preprocessing.backend" })
    #expect(decision.value == it.backend.fieldText)
    #expect((decision.source == .libraryDefault) == it.isNoted)
  }

  @Test("--preprocess with one of these files gives the same result", arguments: cases)
  func named(_ it: Case) throws {
    let inspection = try files(it).namedInspection()
    #expect(inspection.preprocessing?.backend == it.backend)
    #expect(isNoted(inspection) == it.isNoted)
  }

  @Test("The option overrides every configuration", arguments: cases)
  func option(_ it: Case) throws {
    for backend in [Preprocessing.Backend.pillow, .torchvision] {
      var options = ModelOptions()
      options.resizeBackend = backend
      let inspection = try files(it).inspection(options)
      #expect(inspection.preprocessing?.backend == backend && !isNoted(inspection))
      let decision = try #require(inspection.decisions.first { $0.field == "preprocessing.backend" })
      #expect(decision.source == .option)
    }
  }

  @Test("transformers 5's processor_config.json is read in the same way") func nested() throws {
    let inspection = try ProcessorFiles.inspection(beside: [
      "processor_config.json": "{\"image_processor\":{\(Self.slow),\(ProcessorFiles.pixels)}}",
      "config.json": ProcessorFiles.config("5.23.0"),
    ])
    #expect(inspection.preprocessing?.backend == .torchvision)
  }

  @Test("A class and a flag that contradict each other are an error", arguments: [fast, pil])
  func contradiction(_ type: String) throws {
    let it = Case(processor: type + #","use_fast":\#(type == Self.pil)"#, version: nil, backend: .pillow)
    let problem = try #require(try files(it).inspection().problems.first { $0.code == .badConfiguration })
    #expect(problem.hint.contains("--resize-backend pillow"), "\(problem)")
    var options = ModelOptions()
    options.resizeBackend = .pillow
    #expect(try files(it).inspection(options).problems.allSatisfy { $0.code != .badConfiguration })
  }

  @Test("torchvision cannot resize before colours are converted, nor bicubically through floats")
  func impossible() throws {
    var options = ModelOptions()
    (options.preprocessing, options.resizeBackend) = (.openAI, .torchvision)
    let early = try #require(
      try ProcessorFiles.inspection(beside: [:], options).problems.first { $0.code == .unsupportedOption })
    #expect(
      early.hint.contains("preprocessor_config.json") && early.description.contains("--preprocess openai"))
    options.preprocessing = nil
    options.resizeBackend = .torchvisionFloat
    let cubic = try #require(
      try files(Self.cases[0]).inspection(options).problems.first { $0.code == .unsupportedOption })
    #expect(cubic.hint.contains("--resize-backend torchvision"), "\(cubic)")
    let linear = Case(processor: Self.slow + #","resample":2"#, version: nil, backend: .torchvisionFloat)
    #expect(try files(linear).inspection(options).preprocessing?.backend == .torchvisionFloat)
  }

  @Test("With bilinear torchvision, the note names its other form") func bilinear() throws {
    let it = Case(processor: Self.fast + #","resample":2"#, version: nil, backend: .torchvision)
    #expect(try files(it).inspection().notes.contains { $0.contains("--resize-backend torchvision_float") })
    #expect(try !files(Self.cases[7]).inspection().notes.contains { $0.contains("torchvision_float") })
  }
}
