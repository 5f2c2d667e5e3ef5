import Foundation
import TestSupport
import Testing

@Suite("Recipes of int8 bundles", .serialized) struct RecipeTests {
  private static let mini = Tool.fixture("minis/mini-vit.pt")
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func convert(_ name: String, _ options: String...) throws -> Tool.Outcome {
    let effort = options.contains("--recipe") ? [] : ["--effort", "mixed"]
    return try Tool.run(
      ["convert", Self.mini, "-o", folder.file(name), "--precision", "int8"] + effort + options)
  }

  private func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(filePath: folder.file(name))) }

  @Test("A saved recipe has its schema, and gives the bytes again; so does the bundle itself")
  func again() throws {
    let strict = ["--min-cosine", "0.9999"]
    let first = try convert("a.pclip", strict[0], strict[1], "--save-recipe", folder.file("r.json"))
    #expect(first.status == 0, "\(first.error)")
    #expect(try JSONSchema(named: "recipe").problems(with: jsonObject(bytes("r.json"))) == [])
    for (index, recipe) in ["r.json", "a.pclip"].enumerated() {
      let again = try convert("b\(index)", strict[0], strict[1], "--recipe", folder.file(recipe))
      #expect(again.status == 0, "\(again.error)")
      #expect(try bytes("b\(index)") == bytes("a.pclip"))
    }
  }

  @Test("A recipe that cannot be saved is refused before anything is computed")
  func destination() throws {
    try Data("{}".utf8).write(to: URL(filePath: folder.file("r.json")))
    let existing = try convert("a.pclip", "--save-recipe", folder.file("r.json"))
    #expect(existing.status == 73 && existing.error.contains("r.json"), "\(existing.error)")
    let same = try convert("a.pclip", "--save-recipe", folder.file("a.pclip"))
    #expect(same.status == 64 && same.error.contains("name the same file"), "\(same.error)")
    let source = folder.file("m.pt")
    try FileManager.default.copyItem(atPath: Self.mini, toPath: source)
    let input = try Tool.run(
      "convert", source, "-o", folder.file("a.pclip"), "--precision", "int8", "--save-recipe", source,
      "--force")
    #expect(input.status == 73 && input.error.contains("m.pt"), "\(input.error)")
    #expect(folder.names.sorted() == ["m.pt", "r.json"])
    #expect(try bytes("m.pt") == Data(contentsOf: URL(filePath: Self.mini)))
  }

  /// What a recipe file holds, and what the refusal names.
  private static let faults: [(text: String, message: String)] = [
    ("{", "neither a recipe nor a bundle"), ("[]", "expected a JSON object"),
    (#"{"schema":"x"}"#, "expected schema pocketclip.recipe"),
    (head + #""matrices":[],"seed":1}"#, "unknown key seed"),
    (head + #""matrices":[{"tensor":"a","weights":"int4"}]}"#, "a: expected weights int8"),
    (head + #""matrices":[{"tensor":"a","weights":"fp16","inputs":8}]}"#, "a: expected weights int8"),
    (head + #""matrices":[{"tensor":"a","weights":"fp16","x":8}]}"#, "matrix 0: unknown key x"),
    (head + #""matrices":[{"tensor":"a","weights":"fp16"}]}"#, "the recipe names a,"),
    (
      head + #""matrices":[{"tensor":"a","weights":"fp16","input_error":"x"}]}"#,
      "matrix 0: input_error is not a number"
    ),
    (head + #""matrices":[]}"#, "the recipe does not name visual.conv1.weight"),
  ]
  private static let head = #"{"schema":"pocketclip.recipe","version":1,"model":"m","calibration":"","#

  @Test("A file that is no recipe of this model is refused with the place", arguments: faults.indices)
  func broken(_ index: Int) throws {
    let (text, message) = Self.faults[index]
    try Data(text.utf8).write(to: URL(filePath: folder.file("r.json")))
    let outcome = try convert("a.pclip", "--recipe", folder.file("r.json"))
    #expect(outcome.status == 65 && outcome.error.contains(message), "\(outcome.error)")
    #expect(folder.names == ["r.json"])
  }

  @Test("A bundle without int8 weights is no recipe")
  func halfBundle() throws {
    let half = folder.file("h.pclip")
    #expect(try Tool.run("convert", Self.mini, "-o", half, "--precision", "fp16").status == 0)
    let outcome = try convert("a.pclip", "--recipe", half)
    #expect(outcome.status == 65 && outcome.error.contains("its weights are not int8"), "\(outcome.error)")
  }

  @Test("A pattern without a match, and a size that is too small, are refused")
  func limits() throws {
    let unmatched = try convert("a.pclip", "--keep-fp16", "visual.layer*")
    #expect(unmatched.status == 64 && unmatched.error.contains("no matrix has a name like this"))
    let small = try convert("a.pclip", "--max-size", "4MB")
    #expect(small.status == 1 && small.error.contains("--max-size is 4000000"), "\(small.error)")
    #expect(folder.names == [])
  }
}
