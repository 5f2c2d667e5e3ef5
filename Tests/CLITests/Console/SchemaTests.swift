import Foundation
import TestSupport
import Testing

@Suite("JSON schemas") struct SchemaTests {
  static let mini = Tool.fixture("minis/mini-vit.pt")
  private static let golden = Tool.fixture("golden/inputs/mini-vit.safetensors")
  private static let oldGolden = Tool.fixture("minis/goldens/mini-vit.safetensors")

  @Test("The --json output of every command satisfies its schema")
  func everyCommand() throws {
    let folder = try TemporaryFolder()
    let bundle = folder.file("m.pclip")
    let image = Tool.fixture("minis/images/alarm-clock-00.jpg")
    let runs: [(schema: String, outcome: Tool.Outcome)] = [
      ("convert", try Tool.run("convert", Self.mini, "-o", bundle, "--precision", "int8", "--json")),
      ("export", try Tool.run("export", Self.mini, "--to", "safetensors", "-o", folder.file("s"), "--json")),
      ("inspect", try Tool.run("inspect", Self.mini, "--tensors", "--json")),
      ("inspect", try Tool.run("inspect", Tool.fixture("valid/vit.safetensors"), "--json")),
      ("formats", try Tool.run("formats", "--json")),
      ("architectures", try Tool.run("architectures", "--json")),
      ("error", try Tool.run("convert", "--json")),
      ("verify", try Tool.run("verify", bundle, "--against", Self.mini, "--json")),
      ("verify", try Tool.run("verify", bundle, "--golden", Self.golden, "--json")),
      ("verify", try Tool.run("verify", bundle, "--golden", Self.oldGolden, "--json")),
      ("verify", try Tool.run("verify", bundle, "--against", Tool.fixture("minis/mini-rn.pt"), "--json")),
      ("diff", try Tool.run("diff", Self.mini, bundle, "--json")),
      ("diff", try Tool.run("diff", Self.mini, Tool.fixture("minis/mini-rn.pt"), "--json")),
      ("diff", try Tool.run("diff", Self.mini, Tool.fixture("valid/vit-hugging-face"), "--json")),
      (
        "diff",
        try Tool.run(
          "diff", "--tower", "text", Self.mini, Tool.fixture("minis/mini-rn.pt"), "--passes", "16", "--json")
      ),
      ("classify", try Tool.run("classify", "-m", bundle, image, "/no/such.jpg", "--label", "a", "--json")),
      ("embed", try Tool.run("embed", "-m", bundle, image, "--text", "b", "--json")),
      ("diagnose", try Self.diagnose("all-bilinear.npy")), ("diagnose", try Self.diagnose("nan.npy")),
      ("diagnose", try Self.diagnose("permuted.npy")), ("diagnose", try Self.diagnose("other-model.npy")),
      ("info", try Tool.run("info", bundle, "--json")),
      ("info", try Tool.run("info", "--json")),
      ("bench", try Tool.run("bench", bundle, "--seconds", "0.001", "--json")),
      ("bench", try Tool.run("bench", bundle, "--compare", "--seconds", "0.001", "--json")),
      ("inspect", try Tool.run("inspect", Self.mini, "--explain", "--json")),
      ("error", try Tool.run("inspect", "/no/such/file.pt", "--json")),
      ("error", try Tool.run("inspect", Tool.fixture("malformed/gguf/type-99.gguf"), "--explain", "--json")),
    ]
    for (schema, outcome) in runs {
      let problems = try JSONSchema(named: schema).problems(with: try outcome.json())
      #expect(problems.isEmpty, "\(schema): \(problems)")
    }
  }

  /// A case of Fixtures/diagnose: of all images of the minis, or of as many as it has rows.
  private static func diagnose(_ name: String) throws -> Tool.Outcome {
    let mistake = try #require(try DiagnosedFixture.named(name))
    return try Tool.run(["diagnose", Self.mini] + mistake.arguments + ["--json", "-q"])
  }

  @Test("Lines of JSON fit their schemas, and state the embedding space")
  func everyLine() throws {
    let folder = try TemporaryFolder()
    let bundle = folder.file("m.pclip")
    _ = try Tool.run("convert", Self.mini, "-o", bundle, "--no-measure", "-q")
    let space = try (Tool.run("info", bundle, "--json").json()["bundle"] as? [String: Any])?["space_id"]
    let images = [Tool.fixture("minis/images/alarm-clock-00.jpg"), "/no/such.jpg"]
    let runs: [(schema: String, arguments: [String])] = [
      ("embed-lines", ["embed", "-m", bundle, "--text", "a"]),
      ("classify-lines", ["classify", "-m", bundle, "--label", "a", "--label", "b", "--lines"]),
    ]
    for (schema, arguments) in runs {
      let lines = try Tool.run(arguments + images).lines()
      #expect(lines.count == 2)
      for line in lines {
        #expect(try JSONSchema(named: schema).problems(with: line).isEmpty, "\(line)")
        #expect(line["space_id"] as? String == space as? String)
      }
    }
  }

  @Test("A schema rejects invalid output")
  func schemasCanFail() throws {
    let schema = try JSONSchema(named: "error")
    #expect(!schema.problems(with: ["schema": "pocketclip.error", "version": 1]).isEmpty)
    #expect(!schema.problems(with: ["schema": "x", "version": 1, "status": 66, "message": "m"]).isEmpty)
  }
}
