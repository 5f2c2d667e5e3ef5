import Foundation
import TestSupport
import Testing

/// Tests the output of `bench`, not the times, which depend on the machine and its load.
@Suite("bench") struct BenchTests {
  private let folder: TemporaryFolder
  private let fp16: String
  private let int8: String

  init() throws {
    folder = try TemporaryFolder()
    (fp16, int8) = (folder.file("fp16.pclip"), folder.file("int8.pclip"))
    for (precision, path) in [("fp16", fp16), ("int8", int8)] {
      let outcome = try Tool.run(
        "convert", Tool.fixture("minis/mini-vit.pt"), "-o", path, "--precision", precision, "--no-measure")
      try #require(outcome.status == 0, "\(outcome.error)")
    }
  }

  private func bench(_ arguments: String...) throws -> Tool.Outcome {
    try Tool.run(["bench", "--seconds", "0.001"] + arguments)
  }

  private func variants(_ outcome: Tool.Outcome) throws -> [[String: Any]] {
    try outcome.json()["variants"] as? [[String: Any]] ?? []
  }

  @Test("Every tower has a row per batch, and every row its runs, its rate and its shortest time")
  func rows() throws {
    let variant = try #require(try variants(bench(int8, "--json")).first)
    let rows = variant["rows"] as? [[String: Any]] ?? []
    #expect(
      rows.map { "\($0["input"] ?? "") \($0["batch"] ?? "")" } == [
        "images 1", "images 16", "texts 1", "texts 16", "captions 1", "captions 16",
      ])
    for row in rows {
      let median = try #require(row["median_milliseconds"] as? Double)
      let least = try #require(row["least_milliseconds"] as? Double)
      let rate = try #require(row["items_per_second"] as? Double)
      #expect(least > 0 && least <= median && abs(rate * median / 1000 - 1) < 1e-9)
      #expect((row["runs"] as? Int ?? 0) >= 3)
      for key in ["operations", "computed_operations", "share_of_peak"] {
        #expect((row[key] == nil) == (row["input"] as? String == "captions"), "\(key)")
      }
    }
  }

  @Test("The stages of a tower add up to its time")
  func stages() throws {
    let variant = try #require(try variants(bench(int8, "--json")).first)
    let stages = variant["stages"] as? [[String: Any]] ?? []
    for tower in ["image", "text"] {
      let shares = stages.filter { $0["tower"] as? String == tower }.compactMap { $0["share"] as? Double }
      #expect(shares.count == 3 && abs(shares.reduce(0, +) - 1) < 1e-9)
    }
  }

  @Test(
    "A comparison runs int8 in both arithmetics and FP16 as the reference, and recommends one with a reason")
  func comparison() throws {
    let outcome = try bench("--compare", int8, fp16, "--json")
    // On processors with BF16, there is also a BF16 row, which other tests check.
    let variants = try variants(outcome).filter { $0["name"] as? String != "fp16, fp16 bf16" }
    #expect(variants.map { $0["name"] as? String } == ["int8, int8 exact", "int8, int8 fast", "fp16, fp16"])
    #expect(variants.map { $0["is_truth"] as? Bool } == [false, false, true])
    let cosines = variants.compactMap { $0["worst_image_cosine"] as? Double }
    try #require(cosines.count == 3)
    // A trained mini reaches far more than this; a vector of another image does not.
    #expect(cosines[0] > 0.99 && cosines[1] > 0.99 && cosines[0] < 1 && abs(cosines[2] - 1) < 1e-9)
    let recommendation = try outcome.json()["recommendation"] as? [String: Any] ?? [:]
    #expect(variants.contains { $0["name"] as? String == recommendation["name"] as? String })
    #expect((recommendation["reason"] as? String)?.isEmpty == false)
    #expect(try bench("--compare", int8, fp16).output.contains("\ntake "))
  }

  @Test("Warnings of --json are also on standard error, and only bf16 has one")
  func warnings() throws {
    for outcome in [try bench("--compare", fp16, "--json"), try bench(int8, "--json")] {
      let object = try outcome.json()
      let warnings = try #require(object["warnings"] as? [String])
      #expect(outcome.error == warnings.map { "warning: \($0)\n" }.joined())
      let arithmetics = try variants(outcome).compactMap { $0["arithmetic"] as? String }
      #expect(warnings.isEmpty || arithmetics.contains("bf16"))
    }
  }

  @Test("Bundles of two models are not compared, and a single bundle needs no --compare")
  func refusals() throws {
    let other = folder.file("rn.pclip")
    #expect(
      try Tool.run("convert", Tool.fixture("minis/mini-rn.pt"), "-o", other, "--no-measure").status == 0)
    let mixed = try bench("--compare", int8, other)
    #expect(mixed.status == 65 && mixed.error.contains("of one model"), "\(mixed.error)")
    let unknown = Tool.fixture("runtime/vit-fp32.pclip")
    #expect(try bench("--compare", unknown, unknown).error.contains("are unknown"))
    #expect(try bench(int8, fp16).status == 64)
    #expect(try bench("--compare", int8, "--arithmetic", "fast").status == 64)
    #expect(try Tool.run("bench", int8, "--seconds", "0").status == 64)
  }

  @Test("A bundle of one tower is timed, with or without tokenizer")
  func halfModels() throws {
    let variant = try #require(
      try variants(bench(Tool.fixture("runtime/hidden-text-fp32.pclip"), "--json")).first)
    let rows = variant["rows"] as? [[String: Any]] ?? []
    #expect(rows.count == 4 && !rows.contains { $0["input"] as? String == "images" })
  }
}
