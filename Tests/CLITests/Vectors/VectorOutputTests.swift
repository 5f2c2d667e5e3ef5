import Foundation
import TestSupport
import Testing

/// The files that `embed -o` writes, and the files that it recognises as its own.
@Suite("Files of embed -o") struct VectorOutputTests {
  private let folder: TemporaryFolder
  private let bundle: String

  init() throws {
    folder = try TemporaryFolder()
    bundle = folder.file("m.pclip")
    let outcome = try Tool.run("convert", Tool.fixture("minis/mini-vit.pt"), "-o", bundle, "--no-measure")
    try #require(outcome.status == 0, "\(outcome.error)")
  }

  private func embed(_ arguments: String...) throws -> Tool.Outcome {
    try Tool.run(["embed", "-m", bundle] + arguments)
  }

  /// Computed by another program.
  private func sha256(_ path: String) throws -> String {
    String(try Tool.runInShell("sha256sum '\(path)'").output.prefix(64))
  }

  @Test(
    "Each line has its input, the input's size and hash, and the hash of its vector",
    arguments: ["v", "v.safetensors", "v.npy", "v.NPY"])
  func rows(_ name: String) throws {
    let text = "two \"parrots\"\n\u{1}\\ 🦜"
    let image = ResumeTests.clock
    #expect(try embed("--text", text, image, "-o", folder.file(name)).status == 0)
    let path = folder.file(name == "v" ? "v.safetensors" : name)
    let pair = try VectorPair(path)
    let schema = try JSONSchema(named: "rows")
    for row in pair.rows { #expect(schema.problems(with: row).isEmpty, "\(schema.problems(with: row))") }
    #expect(pair.inputs == [text, image] && pair.statuses == ["ok", "ok"])
    #expect(pair.rows.map { $0["kind"] as? String } == ["text", "image"])
    let sources = [try folder.write(Data(text.utf8), to: "text"), image]
    for ((row, vector), source) in zip(zip(pair.rows, pair.vectors), sources) {
      #expect(row["size"] as? Int == (try Data(contentsOf: URL(filePath: source))).count)
      #expect(row["sha256"] as? String == (try sha256(source)))
      #expect(row["vector_sha256"] as? String == (try sha256(try folder.write(vector, to: "vector"))))
    }
    // The same numbers as without -o.
    for (line, vector) in zip(try embed("--text", text, image).lines(), pair.vectors) {
      let values = try #require(line["vector"] as? [Double]).map(Float.init)
      #expect(values.withUnsafeBytes { Data($0) } == vector)
    }
  }

  @Test("npy files have the same header as NumPy's")
  func numPyHeader() throws {
    let path = folder.file("v.npy")
    #expect(try embed("--text", "a", "-o", path).status == 0)
    let bytes = try Data(contentsOf: URL(filePath: path))
    let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 64), }"
    #expect(bytes.prefix(10) == Data([0x93]) + Data("NUMPY\u{1}\0\u{76}\0".utf8))
    #expect(String(decoding: bytes[10..<10 + text.count], as: UTF8.self) == text)
    #expect(bytes.count == 128 + 64 * 4 && bytes[127] == 0x0A)
  }

  @Test("--json names both files and counts the vectors")
  func json() throws {
    let path = folder.file("v.npy")
    let outcome = try embed("--text", "a", ResumeTests.clock, "/no/such.jpg", "-o", path, "--json")
    #expect(outcome.status == 3)
    let object = try outcome.json()
    #expect(try JSONSchema(named: "embed").problems(with: object).isEmpty)
    #expect(object["rows"] as? String == path + ".rows.jsonl")
    let counts = try #require(object["counts"] as? [String: Int])
    #expect(counts["vectors"] == 2 && counts["embedded"] == 2 && counts["kept"] == 0)
  }

  @Test("--resume rejects files that embed did not write, and the advice works")
  func otherFiles() throws {
    let path = folder.file("v.safetensors")
    let rows = path + ".rows.jsonl"
    func expect(_ text: String, _ line: Int = #line) throws {
      let outcome = try embed("--text", "a", "-o", path, "--resume")
      #expect(outcome.status == 65 && outcome.error.contains(text), "line \(line): \(outcome.error)")
      #expect(outcome.error.contains("--force"), "line \(line): \(outcome.error)")
      #expect(folder.names.allSatisfy { !$0.hasPrefix(".") }, "line \(line)")
    }
    // As earlier versions wrote them.
    let header = #"{"__metadata__":{"format":"pocketclip-vectors","inputs":"[\"a\"]"},"#
    let old = header + #""vectors":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}}"#
    let length = withUnsafeBytes(of: UInt64(old.utf8.count).littleEndian) { Data($0) }
    try folder.write(length + Data(old.utf8) + Data(count: 4), to: "v.safetensors")
    try expect("kept the inputs in the header")
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.copyItem(atPath: bundle, toPath: path)
    try Data().write(to: URL(filePath: rows))
    try expect("not a file of vectors")
    try FileManager.default.removeItem(atPath: path)
    try expect("is missing next to it")
    #expect(try embed("--text", "a", "--text", "b", "-o", path, "--force").status == 0)
    let lines = try String(contentsOfFile: rows, encoding: .utf8).split(separator: "\n")
    for (text, content) in [
      ("does not belong to", [lines[1], lines[0]]), ("does not belong to", [lines[0]]),
      ("line 2: kind: expected a string", [lines[0], "{}"]), ("line 2: expected", [lines[0], "row"]),
      ("line 1: expected 11 fields", [#"{"label":1,"# + lines[0].dropFirst(), lines[1]]),
    ] {
      try Data((content.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: rows))
      try expect(text)
    }
    #expect(try embed("--text", "a", "-o", path, "--force").status == 0)
    #expect(try VectorPair(path).inputs == ["a"])
  }

  @Test("Only --force replaces existing rows, and never if they are an input")
  func rowsExist() throws {
    let rows = try folder.write(Data("a line\n".utf8), to: "v.npy.rows.jsonl")
    let path = folder.file("v.npy")
    let exists = try embed("--text", "a", "-o", path)
    #expect(exists.status == 73 && exists.error.contains("a file of that name exists"), "\(exists.error)")
    let input = try embed("--texts", rows, "-o", path, "--force")
    #expect(input.status == 73 && input.error.contains("an input of this command"), "\(input.error)")
    #expect(try String(contentsOfFile: rows, encoding: .utf8) == "a line\n")
    #expect(try embed("--text", "a", "-o", path, "--force").status == 0)
    #expect(try VectorPair(path).inputs == ["a"])
  }

  @Test("Vectors are not a bundle, and the error says what they are")
  func asBundle() throws {
    let path = folder.file("v.safetensors")
    #expect(try embed("--text", "a", "-o", path).status == 0)
    let outcome = try Tool.run("embed", "-m", path, "--text", "a")
    #expect(
      outcome.status == 65 && outcome.error.contains("vectors that `pocketclip embed` wrote"),
      "\(outcome.error)")
  }

  @Test("If no image can be read, nothing is written")
  func nothing() throws {
    #expect(try embed("/no/such.jpg", "-o", folder.file("v.npy")).status == 66)
    #expect(folder.names == ["m.pclip"])
  }
}
