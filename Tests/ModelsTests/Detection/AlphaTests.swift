import Architecture
import Foundation
import Models
import TestSupport
import Testing

/// Alpha handling according to a checkpoint's files and the option.
@Suite("Transparency as configurations state it") struct AlphaTests {
  /// The contents of preprocessor_config.json and config.json, and the expected result.
  struct Case: CustomTestStringConvertible {
    var processor: String
    var version: String?
    var alpha: Preprocessing.Alpha

    var testDescription: String { "\(processor), version \(version ?? "none")" }
  }

  private static let plain = #""image_processor_type":"CLIPImageProcessor""#
  private static let fast = #""image_processor_type":"CLIPImageProcessorFast""#

  static let cases = [
    Case(processor: plain, version: nil, alpha: .drop),
    Case(processor: plain, version: "4.57.6", alpha: .drop),
    Case(processor: plain, version: "5.0.0", alpha: .drop),
    Case(processor: plain, version: "5.20.2", alpha: .drop),
    Case(processor: plain, version: "5.21.0", alpha: .white),
    Case(processor: plain, version: "5.100", alpha: .white),
    Case(processor: plain, version: "6", alpha: .white),
    Case(processor: plain, version: "5", alpha: .drop),
    Case(processor: plain, version: "main", alpha: .drop),
    Case(processor: fast, version: nil, alpha: .drop),
    Case(processor: fast, version: "4.57.6", alpha: .drop),
    Case(processor: plain + #","use_fast":false"#, version: "5.23.0", alpha: .white),
    Case(processor: plain + #","transformers_version":"5.23.0""#, version: "4.46.3", alpha: .white),
    Case(processor: plain + #","transformers_version":"4.46.3""#, version: "5.23.0", alpha: .drop),
  ]

  private func files(_ it: Case) -> ProcessorFiles {
    ProcessorFiles(processor: it.processor, version: it.version)
  }

  private func isNoted(_ inspection: ModelInspection) -> Bool {
    inspection.notes.contains { $0.contains("lose their alpha") && $0.contains("--alpha white") }
  }

  @Test("A release of 5.21 or later means white, anything else means that alpha is dropped", arguments: cases)
  func configured(_ it: Case) throws {
    let inspection = try files(it).inspection()
    #expect(inspection.preprocessing?.alpha == it.alpha)
    #expect(isNoted(inspection) == (it.alpha == .drop))
    let decision = try #require(inspection.decisions.first { $0.field == "preprocessing.alpha" })
    #expect(decision.value == it.alpha.fieldText)
    #expect(decision.source == (it.alpha == .white ? .configuration : .libraryDefault))
  }

  @Test("--preprocess with one of these files gives the same result", arguments: cases)
  func named(_ it: Case) throws {
    let inspection = try files(it).namedInspection()
    #expect(inspection.preprocessing?.alpha == it.alpha)
    #expect(isNoted(inspection) == (it.alpha == .drop))
  }

  @Test("The option overrides every configuration", arguments: cases)
  func option(_ it: Case) throws {
    for alpha in Preprocessing.Alpha.allCases {
      var options = ModelOptions()
      options.alpha = alpha
      let inspection = try files(it).inspection(options)
      #expect(inspection.preprocessing?.alpha == alpha && !isNoted(inspection))
      let decision = try #require(inspection.decisions.first { $0.field == "preprocessing.alpha" })
      #expect(decision.source == .option)
    }
  }

  @Test("An image that is converted after resizing cannot be composited on white before") func impossible()
    throws
  {
    var options = ModelOptions()
    (options.preprocessing, options.alpha) = (.openAI, .white)
    let problem = try #require(
      try files(Self.cases[0]).inspection(options).problems.first { $0.code == .unsupportedOption })
    #expect(problem.description.contains("--alpha white") && problem.hint.contains("leave --alpha out"))
    options.alpha = .drop
    #expect(
      try files(Self.cases[0]).inspection(options).problems.allSatisfy { $0.code != .unsupportedOption })
  }
}
