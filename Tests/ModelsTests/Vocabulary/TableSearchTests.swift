import Architecture
import Checkpoints
import Foundation
import Models
import TestSupport
import Testing
import Tokenizer
import TokenizerFiles

/// Folders of SigLIP and SigLIP 2 that transformers wrote (`Fixtures/siglip/make_tokenizer_folders.py`). That the ids are
/// the original's is tested with their golden files.
@Suite("Tokenizers of a table beside the weights") struct TableSearchTests {
  @Test("SigLIP's spiece.model is used with the rules of SiglipTokenizer, which its configuration names")
  func sigLIP() throws {
    let inspection = try Self.inspection("siglip-tokenizer")
    let header = try Self.header(inspection)
    #expect(header.algorithm == .unigramOfSentencePiece && header.letterCase == .python)
    #expect(header.punctuation == .deleted && header.collapsesWhitespace && header.prefix == .written)
    #expect(header.endID == 1 && header.padID == 1 && header.length == 64)
    let decision = inspection.decisions.first { $0.field == "text.rules" }
    #expect(decision?.value == "siglip" && decision?.source == .configuration)
  }

  @Test("SigLIP 2's folder, whose class keeps capitals although do_lower_case is true, asks for the rules")
  func sigLIP2() throws {
    let inspection = try Self.inspection("siglip2-tokenizer")
    #expect(inspection.problems.map(\.code) == [.undecidedTextRules])
    #expect(inspection.refusal?.hint.contains("--text-rules siglip") == true)
  }

  @Test(
    "An option decides what becomes of capitals",
    arguments: [(PublishedRules.pipeline, LetterCase.kept), (.siglip2, .scalarwise)])
  func option(_ rules: PublishedRules, _ letterCase: LetterCase) throws {
    let inspection = try Self.inspection("siglip2-tokenizer") { $0.textRules = rules }
    let header = try Self.header(inspection)
    #expect(header.algorithm == .pairsByRank && header.letterCase == letterCase)
    #expect(header.beginID == TableHeader.noID && header.endID == 1 && header.padID == 0)
    #expect(header.length == 16)
    #expect(inspection.decisions.first { $0.field == "text.rules" }?.source == .option)
  }

  @Test("big_vision's rules read the SentencePiece model of the folder")
  func bigVision() throws {
    let header = try Self.header(Self.inspection("siglip2-tokenizer") { $0.textRules = .bigVision })
    #expect(header.algorithm == .pairsByScore && header.letterCase == .ascii)
    #expect(header.endID == 1 && header.padID == 0 && header.length == 16)
  }

  @Test("--tokenizer none makes a model that takes ids, and asks nothing")
  func none() throws {
    let inspection = try Self.inspection("siglip2-tokenizer") { $0.tokenizer = TokenizerChoice.none }
    #expect(inspection.problems.isEmpty && inspection.tokenizer == .none)
  }

  @Test("A file that the user gives needs rules, and is used with them")
  func givenFile() throws {
    let path = Fixture.url("siglip/siglip-tokenizer/spiece.model").path
    let open = try Self.inspection("siglip-tokenizer", without: ["tokenizer_config.json", "spiece.model"]) {
      $0.tokenizer = .file(path: path)
    }
    #expect(open.problems.map(\.code) == [.undecidedTextRules])
    let ruled = try Self.inspection("siglip-tokenizer", without: ["tokenizer_config.json", "spiece.model"]) {
      ($0.tokenizer, $0.textRules) = (.file(path: path), .siglip)
    }
    #expect(try Self.header(ruled).length == 64)
    let decision = ruled.decisions.first { $0.field == "tokenizer" }
    #expect(decision?.value == "table" && decision?.source == .option)
  }

  @Test("Without the file, the model takes ids, and a note says how to give it")
  func missingFile() throws {
    let inspection = try Self.inspection(
      "siglip-tokenizer", without: ["tokenizer_config.json", "spiece.model"])
    #expect(inspection.problems.isEmpty && inspection.tokenizer == .none)
    #expect(inspection.notes.contains { $0.contains("--tokenizer FILE") })
  }

  @Test("A file without a configuration is not used by guess")
  func missingConfiguration() throws {
    let inspection = try Self.inspection("siglip-tokenizer", without: ["tokenizer_config.json"])
    #expect(inspection.problems.map(\.code) == [.undecidedTextRules])
  }

  @Test(
    "A configuration that PocketCLIP does not follow is named, and the model takes ids",
    arguments: [
      ("\"tokenizer_class\": \"SiglipTokenizer\"", "\"tokenizer_class\": \"BertTokenizer\"", "BertTokenizer"),
      ("\"do_lower_case\": true", "\"do_lower_case\": false", "do_lower_case false"),
      ("\"model_max_length\": 64", "\"model_max_length\": 32", "model_max_length 32"),
      ("\"sp_model_kwargs\": {}", "\"sp_model_kwargs\": {\"alpha\": 0.1}", "sp_model_kwargs"),
      ("\"extra_special_tokens\": {}", "\"padding_side\": \"left\"", "padding_side"),
      ("\"extra_special_tokens\": {}", "\"strip_accents\": true", "strip_accents"),
      ("\"extra_special_tokens\": {}", "\"split_special_tokens\": true", "split_special_tokens"),
      ("\"eos_token\": \"</s>\"", "\"eos_token\": \"<unk>\"", "eos_token <unk>"),
      ("\"pad_token\": \"</s>\"", "\"pad_token\": \"<unk>\"", "pad_token <unk>"),
      ("\"unk_token\": \"<unk>\"", "\"unk_token\": \"a\"", "unk_token a"),
      ("\"extra_special_tokens\": {}", "\"mask_token\": \"dog\"", "mask_token dog"),
      ("\"content\": \"<unk>\"", "\"content\": \"dog\"", "the added token dog"),
    ])
  func otherConfiguration(_ old: String, _ new: String, _ name: String) throws {
    let inspection = try Self.inspection("siglip-tokenizer") { _ in
    } editing: { folder in
      let path = folder.file("tokenizer_config.json")
      let text = try String(contentsOfFile: path, encoding: .utf8)
      #expect(text.contains(old))
      try folder.write(Data(text.replacing(old, with: new).utf8), to: "tokenizer_config.json")
    }
    #expect(inspection.tokenizer == .none && inspection.problems.isEmpty)
    #expect(inspection.notes.contains { $0.contains(name) }, "\(inspection.notes)")
  }

  @Test(
    "An option for the rules does not hide what the configuration asks for beside them",
    arguments: [
      ("\"padding_side\": \"right\"", "\"padding_side\": \"left\"", "padding_side"),
      ("\"padding_side\": \"right\",", "", "pads on the left"),
      ("\"eos_token\": \"<eos>\"", "\"eos_token\": \"<unk>\"", "eos_token <unk>"),
      ("\"add_eos_token\": true", "\"add_eos_token\": false", "add_eos_token false"),
      ("\"bos_token\": \"<bos>\"", "\"bos_token\": \"zebra\"", "bos_token zebra"),
      (
        "\"extra_special_tokens\": {}", "\"extra_special_tokens\": {\"image\": \"dog\"}",
        "extra_special_tokens dog"
      ),
    ])
  func otherConfigurationWithOption(_ old: String, _ new: String, _ name: String) throws {
    let inspection = try Self.inspection("siglip2-tokenizer") {
      $0.textRules = .pipeline
    } editing: { folder in
      let path = folder.file("tokenizer_config.json")
      let text = try String(contentsOfFile: path, encoding: .utf8)
      #expect(text.contains(old))
      try folder.write(Data(text.replacing(old, with: new).utf8), to: "tokenizer_config.json")
    }
    let problem = try #require(inspection.problems.first)
    #expect("\(problem)".contains(name), "\(problem)")
  }

  @Test("big_vision, which reads no tokenizer_config.json, is not bound to it")
  func bigVisionWithOtherConfiguration() throws {
    let inspection = try Self.inspection("siglip2-tokenizer", without: ["tokenizer_config.json"]) {
      $0.textRules = .bigVision
    }
    #expect(try Self.header(inspection).padID == 0)
  }

  @Test("A model that pools the highest id takes no tokenizer whose texts end with another")
  func highestID() throws {
    var options = ModelOptions()
    options.textRules = .siglip
    options.tokenizer = .file(path: Fixture.url("siglip/siglip-tokenizer/spiece.model").path)
    let inspection = try ModelInspection(
      Checkpoint.open(Fixture.url("minis/mini-vit.pt").path), options: options)
    #expect(inspection.problems.first?.expected?.contains("highest id") == true)
  }

  @Test("Text rules for a model with OpenAI's tokenizer are an error, not without effect")
  func rulesOfOpenAI() throws {
    var options = ModelOptions()
    options.textRules = .siglip
    let inspection = try ModelInspection(
      Checkpoint.open(Fixture.url("minis/mini-vit.pt").path), options: options)
    #expect(inspection.problems.first?.code == .unsupportedOption)
  }

  @Test("A tokenizer with fewer ids than the token table has rows is noted")
  func fewerIDs() throws {
    var options = ModelOptions()
    options.tokenizer = .file(path: Fixture.url("siglip/siglip-tokenizer/spiece.model").path)
    let inspection = try ModelInspection(
      Checkpoint.open(Fixture.url("minis/mini-siglip").path), options: options)
    #expect(inspection.notes.contains { $0.contains("900 ids") && $0.contains("1000 rows") })
  }

  @Test("SigLIP's rules refuse a model of sentencepiece with other first ids")
  func otherLayout() throws {
    let inspection = try Self.inspection("siglip-tokenizer") {
      $0.tokenizer = .file(path: Fixture.url("tokenizer/tables/xlmv.model").path)
    }
    #expect(inspection.problems.first?.expected?.contains("</s> as id 1") == true)
  }

  @Test("A damaged file is an error, not a model without a tokenizer")
  func damagedFile() throws {
    let inspection = try Self.inspection("siglip-tokenizer") { _ in
    } editing: { folder in
      let bytes = try Data(contentsOf: URL(filePath: folder.file("spiece.model")))
      try folder.write(bytes.prefix(bytes.count - 7), to: "spiece.model")
    }
    #expect(inspection.problems.map(\.code) == [.badTokenizer])
    #expect(inspection.refusal?.file?.hasSuffix("spiece.model") == true)
  }

  @Test("A tokenizer with more ids than the token table has rows is an error")
  func otherModel() throws {
    let path = Fixture.url("minis/mini-siglip/spiece.model").path
    let inspection = try Self.inspection("siglip-tokenizer") { $0.tokenizer = .file(path: path) }
    let problem = try #require(inspection.problems.first)
    #expect(problem.code == .badTokenizer && problem.expected?.contains("900 ids") == true)
  }

  @Test("A tower that attends to the pads needs a pad token")
  func missingPad() throws {
    let path = Fixture.url("siglip/siglip2-tokenizer/tokenizer.json").path
    let inspection = try Self.inspection("siglip2-tokenizer", without: ["tokenizer_config.json"]) {
      ($0.tokenizer, $0.textRules) = (.file(path: path), .pipeline)
    }
    #expect(inspection.problems.first?.found?.contains("no pad token") == true)
  }

  @Test("Rules for another kind of file are an error that names the right one")
  func otherFile() throws {
    let path = Fixture.url("siglip/siglip2-tokenizer/tokenizer.json").path
    let inspection = try Self.inspection("siglip2-tokenizer", without: ["tokenizer_config.json"]) {
      ($0.tokenizer, $0.textRules) = (.file(path: path), .siglip)
    }
    let problem = try #require(inspection.problems.first)
    #expect(problem.code == .badTokenizer && problem.expected == "spiece.model")
  }

  /// A copy of a committed folder.
  private static func inspection(
    _ name: String, without removed: [String] = [], _ configure: (inout ModelOptions) -> Void = { _ in },
    editing edit: (TemporaryFolder) throws -> Void = { _ in }
  ) throws -> ModelInspection {
    let folder = try TemporaryFolder()
    let source = Fixture.url("siglip/" + name)
    for file in try FileManager.default.contentsOfDirectory(atPath: source.path) where !removed.contains(file)
    {
      try folder.write(Data(contentsOf: source.appendingPathComponent(file)), to: file)
    }
    try edit(folder)
    var options = ModelOptions()
    configure(&options)
    return try withExtendedLifetime(folder) {
      try ModelInspection(Checkpoint.open(folder.path), options: options)
    }
  }

  private static func header(_ inspection: ModelInspection) throws -> TableHeader {
    guard case .table(let table) = inspection.tokenizer else {
      throw TestFailure(description: "no table: \(inspection.problems)")
    }
    return try TableHeader(table.span.bytes)
  }
}

private struct TestFailure: Error, CustomStringConvertible {
  var description: String
}
