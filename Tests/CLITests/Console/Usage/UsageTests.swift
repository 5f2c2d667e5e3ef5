import Foundation
import TestSupport
import Testing

/// Errors of the command line: one shape, and the nearest valid name.
@Suite("Usage errors") struct UsageTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var arguments: [String]
    var message: String
    /// The beginning of the hint.
    var hint: String

    init(_ arguments: String, _ message: String, _ hint: String) {
      self.arguments = arguments.split(separator: " ").map(String.init)
      (self.message, self.hint) = (message, hint)
    }

    var testDescription: String { arguments.joined(separator: " ") }
  }

  private static let cases = [
    Case(
      "clasify", "unknown command 'clasify'", "did you mean pocketclip classify? the commands are inspect"),
    Case("help nothing", "unknown command 'nothing'", "the commands are inspect"),
    Case("help embd", "unknown command 'embd'", "did you mean pocketclip embed?"),
    Case(
      "convert x.pt -o x.pclip --precison int8", "unknown option '--precison'", "did you mean --precision?"),
    Case("convert x.pt -o x.pclip --prec int8", "unknown option '--prec'", "did you mean --precision?"),
    Case("embed -m x --verbose a.jpg", "unknown option '--verbose'", "`pocketclip help embed` lists"),
    Case("embed -m x --modle=y a.jpg", "unknown option '--modle'", "did you mean --model?"),
    Case(
      "convert x.pt -o x --precision int4", "--precision: unknown value 'int4'",
      "did you mean --precision int8?"),
    Case(
      "convert x.pt -o x --precision float", "--precision: unknown value 'float'",
      "the values are fp32, fp16 and int8"),
    Case(
      "convert x.pt -o x --tokenizer opnai", "--tokenizer: unknown value 'opnai'",
      "did you mean --tokenizer openai?"),
    Case(
      "convert x.pt -o x --activation quikgelu", "--activation: unknown value 'quikgelu'",
      "did you mean --activation quickgelu?"),
    Case("convert x.pt -o x --alpha whit", "--alpha: unknown value 'whit'", "did you mean --alpha white?"),
    Case(
      "convert x.pt -o x --resize-backend pilow", "--resize-backend: unknown value 'pilow'",
      "did you mean --resize-backend pillow?"),
    Case(
      "inspect x.pt --format safetensor", "--format: unknown value 'safetensor'",
      "did you mean --format safetensors?"),
    Case(
      "inspect x.pt --format parquet", "--format: unknown value 'parquet'",
      "`pocketclip formats` lists the names"),
    Case(
      "inspect x.pt --architecture ViT-B32", "--architecture: unknown value 'ViT-B32'",
      "did you mean --architecture ViT-B/32?"),
    Case(
      "inspect x.pt --architecture nothing", "--architecture: unknown value 'nothing'",
      "`pocketclip architectures` lists the names"),
    Case("info x.pclip --isa axv2", "--isa: unknown value 'axv2'", "did you mean --isa avx2?"),
    Case(
      "info x.pclip --arithmetic exakt", "--arithmetic: unknown value 'exakt'",
      "did you mean --arithmetic exact?"),
    Case(
      "export x.pt --to hugginface -o x", "--to: unknown value 'hugginface'", "did you mean --to huggingface?"
    ),
    Case(
      "classify -m x --top five a.jpg", "--top: expected a number, found 'five'", "write --top and a number"),
    Case("convert", "missing: <in> …", "the shortest form is `pocketclip convert <in> … -o <out>`"),
    Case("convert x.pt", "missing: --output <out>", "the shortest form is `pocketclip convert"),
    Case("convert x.pt -o", "-o needs a value", "write -o <out>"),
    Case("convert x.pt -o x --precision", "--precision needs a value", "give fp32, fp16 or int8"),
    Case("formats now", "unexpected argument 'now'", "leave it out"),
    Case(
      "verify m --against c --labels l --template {} --template {}.",
      "--template is given 2 times, and takes one value", "give --template once"),
    Case("formats --json=1", "--json takes no value, found '1'", "write --json alone"),
    Case(
      "convert x.pt -o x --heads a", "--heads: expected a positive number, found 'a'",
      "write it as in --heads 12"),
    Case("convert x.pt -o x.onnx", "-o x.onnx: this command writes a bundle", "give -o x.pclip"),
    Case("embed -m x", "no images and no texts", "give images or folders"),
    Case("embed -m x a.jpg --prune", "--prune needs --resume", "add --resume"),
  ]

  @Test("One line says what is wrong, the next names the valid form", arguments: cases)
  func shape(_ test: Case) throws {
    let outcome = try Tool.run(test.arguments)
    let lines = outcome.error.split(separator: "\n").map(String.init)
    #expect(outcome.status == 64 && outcome.output.isEmpty && lines.count == 2, "\(outcome.error)")
    #expect(lines.first?.hasPrefix("pocketclip: \(test.message)") == true, "\(outcome.error)")
    #expect(lines.last?.hasPrefix("  hint: \(test.hint)") == true, "\(outcome.error)")
  }

  @Test(
    "With --json a usage error is one JSON object",
    arguments: cases.filter { !$0.arguments.contains("--json=1") })
  func json(_ test: Case) throws {
    let outcome = try Tool.run(test.arguments.withJSON)
    let object = try outcome.json()
    #expect(try JSONSchema(named: "error").problems(with: object).isEmpty)
    #expect(object["status"] as? Int == 64 && object["hint"] is String, "\(outcome.output)")
  }
}

extension [String] {
  /// Before an option whose value is missing.
  fileprivate var withJSON: [String] {
    guard let command = first else { return ["--json"] }
    return command == "help" ? self + ["--json"] : [command, "--json"] + dropFirst()
  }
}
