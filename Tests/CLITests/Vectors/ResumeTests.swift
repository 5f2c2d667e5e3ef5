import Foundation
import TestSupport
import Testing

/// `embed --resume` continues an output: unchanged content keeps its vector, everything else is computed.
@Suite("embed --resume") struct ResumeTests {
  static let apple = Tool.fixture("minis/images/red-apple-00.jpg")
  static let clock = Tool.fixture("minis/images/alarm-clock-00.jpg")
  static let tractor = Tool.fixture("minis/images/tractor-14.jpg")
  private let folder: TemporaryFolder
  private let bundle: String
  private let output: String

  init() throws {
    folder = try TemporaryFolder()
    bundle = folder.file("m.pclip")
    output = folder.file("v.safetensors")
    let outcome = try Tool.run("convert", Tool.fixture("minis/mini-vit.pt"), "-o", bundle, "--no-measure")
    try #require(outcome.status == 0, "\(outcome.error)")
  }

  private func embed(_ inputs: [String], to output: String, _ options: String...) throws -> Tool.Outcome {
    try Tool.run(["embed", "-m", bundle, "-o", output] + options + inputs)
  }

  private func resume(_ inputs: String...) throws -> Tool.Outcome {
    try embed(inputs, to: output, "--resume")
  }

  /// The output of an uninterrupted run.
  private func whole(_ inputs: [String], ending: String = "safetensors") throws -> String {
    let path = folder.file("whole-\(UUID().uuidString).\(ending)")
    let outcome = try embed(inputs, to: path)
    try #require(outcome.status == 0, "\(outcome.error)")
    return path
  }

  private func copy(_ image: String, to name: String) throws -> String {
    try folder.write(Data(contentsOf: URL(filePath: image)), to: name)
  }

  @Test("Vectors are added to the existing ones, and nothing is computed twice")
  func adds() throws {
    #expect(try resume(Self.apple, "--text", "a").status == 0)
    let second = try resume(Self.clock, Self.apple, "--text", "a")
    #expect(second.status == 0 && second.error.contains("2 vectors kept"), "\(second.error)")
    #expect(second.error.contains("3 vectors of 64 values"), "\(second.error)")
    let resumed = try VectorPair.bytes(output)
    let third = try resume(Self.clock, Self.apple, "--text", "a")
    #expect(third.error.contains("3 vectors kept"), "\(third.error)")
    #expect(try VectorPair.bytes(output) == resumed)
    #expect(folder.names == ["m.pclip", "v.safetensors", "v.safetensors.rows.jsonl"])
  }

  @Test(
    "The resumed output equals that of one run byte for byte, also if inputs repeat",
    arguments: ["safetensors", "npy"])
  func sameBytes(_ ending: String) throws {
    let inputs = ["--text", "a", "--text", "a", Self.apple, Self.clock, Self.apple]
    let output = folder.file("v.\(ending)")
    for count in [2, 4, 6, 7, 7] {
      #expect(try embed(Array(inputs.prefix(count)), to: output, "--resume").status == 0)
    }
    let all = try whole(inputs, ending: ending)
    #expect(try VectorPair.bytes(output) == VectorPair.bytes(all))
    #expect(try VectorPair(output).inputs == ["a", "a", Self.apple, Self.clock, Self.apple])
  }

  @Test("A file with another content gets its own vector, even if size and time are the same")
  func changed() throws {
    let first = try copy(Self.apple, to: "1.jpg")
    let second = try copy(Self.clock, to: "2.jpg")
    #expect(try resume(first, second).status == 0)
    // A comment after the image changes the size. A flipped byte of the image does not.
    var flipped = try Data(contentsOf: URL(filePath: second))
    flipped[flipped.count / 2] ^= 1
    let date = try FileManager.default.attributesOfItem(atPath: second)[.modificationDate] as? Date
    try flipped.write(to: URL(filePath: second))
    try FileManager.default.setAttributes([.modificationDate: try #require(date)], ofItemAtPath: second)
    _ = try copy(Self.tractor, to: "1.jpg")
    let outcome = try resume(first, second)
    #expect(outcome.status == 0 && outcome.error.contains("2 files changed"), "\(outcome.error)")
    #expect(try VectorPair.bytes(output) == VectorPair.bytes(try whole([first, second])))
  }

  @Test("If a changed file fails, its old vector stays, marked stale, until it succeeds")
  func stale() throws {
    let path = try copy(Self.apple, to: "1.jpg")
    #expect(try resume(path, Self.clock).status == 0)
    let before = try VectorPair(output)
    try Data("no image".utf8).write(to: URL(filePath: path))
    let outcome = try resume(path, Self.clock)
    #expect(outcome.status == 3 && outcome.error.contains("status stale"), "\(outcome.error)")
    let after = try VectorPair(output)
    #expect(after.statuses == ["stale", "ok"] && after.vectors == before.vectors)
    #expect(after.rows[0]["sha256"] as? String == before.rows[0]["sha256"] as? String)
    _ = try copy(Self.apple, to: "1.jpg")
    #expect(try resume(path, Self.clock).status == 0)
    #expect(try VectorPair(output).statuses == ["ok", "ok"])
  }

  @Test("Vectors of deleted files stay, marked missing, until --prune; a restored file is ok again")
  func deleted() throws {
    let path = try copy(Self.apple, to: "1.jpg")
    #expect(try resume(path, Self.clock, "--text", "a").status == 0)
    try FileManager.default.removeItem(atPath: path)
    let outcome = try resume(Self.clock)
    #expect(
      outcome.status == 0 && outcome.error.contains("1 file no longer exists: \(path)"), "\(outcome.error)")
    #expect(try VectorPair(output).statuses == ["ok", "missing", "ok"])
    _ = try copy(Self.apple, to: "1.jpg")
    #expect(try resume(Self.clock).status == 0)
    #expect(try VectorPair(output).statuses == ["ok", "ok", "ok"])
    try FileManager.default.removeItem(atPath: path)
    #expect(try embed([Self.clock], to: output, "--prune").status == 64)
    let pruned = try embed([Self.clock, "--prune"], to: output, "--resume")
    #expect(pruned.status == 0 && pruned.error.contains("1 removed"), "\(pruned.error)")
    #expect(try VectorPair.bytes(output) == VectorPair.bytes(try whole(["--text", "a", Self.clock])))
  }

  @Test("Rows are found by bytes: composed and decomposed texts and names are different inputs")
  func normalization() throws {
    let composed = "caf\u{E9}"
    let decomposed = "cafe\u{301}"
    _ = try copy(Self.apple, to: composed + ".jpg")
    let first = "\(folder.path)/\(composed).jpg"
    let inputs = ["--text", composed, first]
    #expect(try embed(inputs, to: output, "--resume").status == 0)
    _ = try copy(Self.clock, to: decomposed + ".jpg")
    let second = "\(folder.path)/\(decomposed).jpg"
    #expect(try embed(["--text", decomposed, second], to: output, "--resume").status == 0)
    let pair = try VectorPair(output)
    #expect(pair.inputs.map { $0.utf8.count } == [5, first.utf8.count, 6, second.utf8.count])
    let alone = try VectorPair(try whole(["--text", decomposed, second]))
    #expect(Array(pair.vectors[2...]) == alone.vectors && pair.vectors[1] != pair.vectors[3])
  }

  @Test("A path is found by each of its spellings, and keeps the first")
  func spellings() throws {
    let path = try copy(Self.apple, to: "1.jpg")
    let other = folder.path + "/.//1.jpg"
    #expect(try resume(path).status == 0)
    #expect(try resume(other).status == 0)
    #expect(try VectorPair(output).inputs == [path])
    for name in ["./1.jpg", "1.jpg", ".///1.jpg"] {
      let outcome = try Tool.run(
        "embed", "-m", "m.pclip", "-o", "relative.npy", "--resume", name, in: folder.path)
      #expect(outcome.status == 0, "\(outcome.error)")
    }
    #expect(try VectorPair(folder.file("relative.npy")).inputs == ["./1.jpg"])
  }

  @Test("--prune removes nothing where no earlier file with a relative path exists, whatever else is given")
  func prunesNotElsewhere() throws {
    _ = try copy(Self.apple, to: "1.jpg")
    let arguments = ["embed", "-m", bundle, "-o", output, "--resume"]
    #expect(try Tool.run(arguments + ["1.jpg"], in: folder.path).status == 0)
    let elsewhere = try TemporaryFolder()
    let outcome = try Tool.run(arguments + ["--prune", Self.clock], in: elsewhere.path)
    #expect(outcome.status == 65 && outcome.error.contains("relative paths exists"), "\(outcome.error)")
    #expect(try Tool.run(arguments + ["--prune", Self.clock], in: folder.path).status == 0)
    #expect(try VectorPair(output).inputs == ["1.jpg", Self.clock])
  }

  @Test("Half a pair is one error, and --force in place of --resume makes both anew")
  func halfPair() throws {
    #expect(try resume(Self.apple).status == 0)
    try FileManager.default.removeItem(atPath: output + ".rows.jsonl")
    let half = try resume(Self.apple)
    #expect(half.status == 65 && half.error.contains("give --force in place of --resume"), "\(half.error)")
    #expect(try embed([Self.apple], to: output, "--force").status == 0)
    #expect(try VectorPair(output).inputs == [Self.apple])
  }

  @Test("--prune removes nothing if no file exists: another folder, or an unmounted drive")
  func prunesNotAll() throws {
    let path = try copy(Self.apple, to: "1.jpg")
    #expect(try resume(path, "--text", "a").status == 0)
    try FileManager.default.removeItem(atPath: path)
    let before = try VectorPair.bytes(output)
    let outcome = try embed(["--text", "b", "--prune"], to: output, "--resume")
    #expect(outcome.status == 65 && outcome.error.contains("nothing is removed"), "\(outcome.error)")
    #expect(try VectorPair.bytes(output) == before)
    // Computed vectors are not lost.
    #expect(try resume("--text", "b").status == 0)
    #expect(try VectorPair(output).inputs == ["a", path, "b"])
  }

  @Test("A moved or copied file reuses the vector of its content")
  func moved() throws {
    let path = try copy(Self.apple, to: "1.jpg")
    #expect(try resume(path).status == 0)
    let target = folder.file("2.jpg")
    try FileManager.default.moveItem(atPath: path, toPath: target)
    #expect(try embed([target, Self.clock, "--prune"], to: output, "--resume").status == 0)
    #expect(try VectorPair.bytes(output) == VectorPair.bytes(try whole([target, Self.clock])))
  }

  @Test("--resume continues an output that was made with --scaled-jpeg, whose rows state it")
  func scaledJPEG() throws {
    #expect(try resume(Self.apple, "--scaled-jpeg").status == 0)
    #expect(try resume(Self.apple, Self.clock, "--scaled-jpeg").status == 0)
    let pair = try VectorPair(output)
    #expect(pair.rows.count == 2 && pair.rows.allSatisfy { $0["scaled_jpeg"] as? Bool == true })
    let other = try resume(Self.apple)
    #expect(other.status == 65 && other.error.contains("another scaled_jpeg"), "\(other.error)")
  }

  @Test("Vectors of another bundle or with other settings are not mixed, and the output is kept")
  func otherSettings() throws {
    #expect(try resume(Self.apple).status == 0)
    let kept = try VectorPair.bytes(output)
    let raw = try resume(Self.clock, "--raw")
    #expect(raw.status == 65 && raw.error.contains("another normalized"), "\(raw.error)")
    let scaled = try resume(Self.clock, "--scaled-jpeg")
    #expect(scaled.status == 65 && scaled.error.contains("another scaled_jpeg"), "\(scaled.error)")
    let other = folder.file("other.pclip")
    let precision = ["--precision", "int8", "--no-measure"]
    #expect(try Tool.run(["convert", bundle, "-o", other] + precision).status == 0)
    let mixed = try Tool.run("embed", "-m", other, "-o", output, "--resume", Self.clock)
    #expect(mixed.status == 65 && mixed.error.contains("another bundle_id"), "\(mixed.error)")
    let resNet = folder.file("rn.pclip")
    let source = Tool.fixture("minis/mini-rn.pt")
    #expect(try Tool.run("convert", source, "-o", resNet, "--no-measure").status == 0)
    let space = try Tool.run("embed", "-m", resNet, "-o", output, "--resume", Self.clock)
    #expect(space.status == 65 && space.error.contains("another space_id"), "\(space.error)")
    #expect(try VectorPair.bytes(output) == kept)
    // The advice of each message.
    let again = try Tool.run("embed", "-m", resNet, "-o", output, "--force", Self.clock)
    #expect(again.status == 0, "\(again.error)")
    #expect(folder.names.allSatisfy { !$0.hasPrefix(".") })
  }
}
