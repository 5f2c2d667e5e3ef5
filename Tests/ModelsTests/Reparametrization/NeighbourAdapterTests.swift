import Architecture
import Archives
import Checkpoints
import Foundation
import Models
import TestSupport
import Testing

/// Adapters with complete weights. transformers applies an adapter in the folder of the weights. If a file holds
/// both, it is unknown whether the weights include the updates. `--adapter` decides.
@Suite("Adapters next to a model") struct NeighbourAdapterTests {
  private static let base = "vit-hugging-face"

  private func options(_ adapter: AdapterChoice?) throws -> ModelOptions {
    var options = try ModelFixture.named(Self.base).options
    options.activation = PerTower(both: .quickGELU)
    options.heads = PerTower(both: 1)
    options.adapter = adapter
    return options
  }

  /// A folder with the base's files, and peft's adapter next to them if `hasAdapter` is true.
  private func withFolder(hasAdapter: Bool = true, _ body: (URL) throws -> Void) throws {
    let files = FileManager.default
    try withTemporaryFolder { parent in
      let folder = parent.appending(path: "base")
      try files.copyItem(at: Fixture.url("valid/" + Self.base), to: folder)
      for name in ["adapter_config.json", "adapter_model.safetensors"]
      where hasAdapter || name.hasSuffix(".json") {
        try files.copyItem(at: Fixture.url("adapters/plain/" + name), to: folder.appending(path: name))
      }
      try body(folder)
    }
  }

  private func open(_ path: String, _ adapter: AdapterChoice?) throws -> CLIPModel {
    try CLIPModel.open(path, options: options(adapter))
  }

  private func expectEqual(_ model: CLIPModel, _ truth: CLIPModel) throws {
    for parameter in truth.schema.parameters {
      #expect(try model.values(of: parameter) == truth.values(of: parameter), "\(parameter.name)")
    }
  }

  @Test("peft's adapter in the folder of the weights is an error", arguments: ["", "/model.safetensors"])
  func beside(_ file: String) throws {
    try withFolder { folder in
      let path = folder.path + file
      let error = #expect(throws: ModelError.self) { try open(path, nil) }
      #expect(error?.code == .undecidedAdapter)
      let plain = try open(ModelFixture.named(Self.base).path, nil)
      try expectEqual(open(path, .ignore), plain)
      var alone = try options(nil)
      alone.base = try ModelFixture.named(Self.base).path
      let merged = try CLIPModel.open(Fixture.url("adapters/plain").path, options: alone)
      try expectEqual(open(path, .merge), merged)
      // from_pretrained would first apply that base's own adapter.
      alone.base = folder.path
      let refused = #expect(throws: ModelError.self) {
        try CLIPModel.open(Fixture.url("adapters/plain").path, options: alone)
      }
      #expect(refused?.code == .unsupportedOption && refused?.hint.contains("merge_and_unload") == true)
    }
  }

  @Test("a configuration without its adapter changes nothing and needs no decision")
  func configurationAlone() throws {
    try withFolder(hasAdapter: false) { folder in
      let model = try open(folder.path, nil)
      #expect(model.notes.contains { $0.contains("no adapter is") })
      for choice in AdapterChoice.allCases {
        #expect(throws: ModelError.self) { try open(folder.path, choice) }
        #expect(throws: ModelError.self) { try open(ModelFixture.named(Self.base).path, choice) }
      }
    }
  }

  @Test("updates next to the weights that they change are an error")
  func inOneFile() throws {
    var edited = try EditedCheckpoint(Self.base)
    let adapter = try EditedCheckpoint("../adapters/plain")
    edited.entries += adapter.entries.map { entry in
      var entry = entry
      entry.name = entry.name.replacing("base_model.model.", with: "")
      return entry
    }
    let plain = try open(ModelFixture.named(Self.base).path, nil)
    try edited.open { checkpoint in
      let error = #expect(throws: ModelError.self) { try CLIPModel(checkpoint, options: options(nil)) }
      #expect(error?.code == .undecidedAdapter)
      try expectEqual(CLIPModel(checkpoint, options: options(.ignore)), plain)
      #expect(throws: ModelError.self) { try CLIPModel(checkpoint, options: options(.merge)) }
      var merging = try options(.merge)
      merging.adapterAlpha = 6
      var alone = try options(nil)
      alone.base = try ModelFixture.named(Self.base).path
      alone.adapterAlpha = 6
      try expectEqual(
        CLIPModel(checkpoint, options: merging),
        CLIPModel.open(Fixture.url("adapters/plain").path, options: alone))
    }
  }

  @Test("a bundle cannot be a base, and a damaged one is an error with the broken rule")
  func bundleAsBase() throws {
    let cases: [(String, ModelError.Code, ReadError.Code?)] = [
      ("valid/bundle/vit-fp32.pclip", .unsupportedOption, nil),
      ("malformed/bundle/B-012.pclip", .unreadable, .bundleRuleBroken),
      ("malformed/bundle/B-011.pclip", .unreadable, .bundleTooNew),
    ]
    for (bundle, code, cause) in cases {
      var options = try ModelFixture.named(Self.base).options
      options.base = Fixture.url(bundle).path
      let error = #expect(throws: ModelError.self) {
        try CLIPModel.open(Fixture.url("adapters/plain").path, options: options)
      }
      #expect(error?.code == code && error?.cause?.code == cause, "\(bundle): \(error?.description ?? "")")
    }
  }

  @Test("a tokenizer or preprocessor saved with an adapter is used if the base has none, otherwise reported")
  func files() throws {
    try withFolder { folder in
      let config = folder.appending(path: "tokenizer_config.json")
      try Data(#"{"tokenizer_class":"XLMRobertaTokenizer"}"#.utf8).write(to: config)
      let preprocessor = folder.appending(path: "preprocessor_config.json")
      let text = try String(contentsOf: preprocessor, encoding: .utf8)
      try Data(text.replacing("0.48145466", with: "0.5").utf8).write(to: preprocessor)
      try FileManager.default.removeItem(at: folder.appending(path: "model.safetensors"))
      try FileManager.default.removeItem(at: folder.appending(path: "config.json"))
      var alone = try options(nil)
      alone.base = try ModelFixture.named(Self.base).path
      let checkpoint = try Checkpoint.open(folder.path)
      let inspection = try ModelInspection(checkpoint, options: alone)
      #expect(inspection.checkpoint.evidence.tokenizerConfig?.path == config.path)
      #expect(
        inspection.notes.contains { $0.contains("preprocessor_config.json") && $0.contains("not used") })
    }
  }
}
