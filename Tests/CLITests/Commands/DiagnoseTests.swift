import Foundation
import TestSupport
import Testing

@Suite("The command diagnose") struct DiagnoseTests {
  private static let mini = Tool.fixture("minis/mini-vit.pt")
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func diagnose(_ file: String, _ more: String...) throws -> Tool.Outcome {
    let fixture = try #require(try DiagnosedFixture.named(file))
    return try Tool.run(["diagnose", Tool.fixture(fixture.model)] + fixture.arguments + more)
  }

  @Test("The report names the cause, the cosine before and after, what to change and where to read more")
  func report() throws {
    let outcome = try diagnose("bilinear.npy")
    #expect(outcome.status == 1)
    for words in [
      "bilinear filter", "resize-bilinear", "→ 1.00000", "docs/DIAGNOSE.md#resize", "change", "0 of 20 rows",
    ] {
      #expect(outcome.outputWords.contains(words), "\(words): \(outcome.output)")
    }
  }

  @Test(
    "Right vectors give status 0, in every order of bytes and axes, in every format",
    arguments: [
      "right-raw.npy", "right-f16.npy", "right-f64.npy", "right-fortran.npy", "right-big-endian.npy",
      "right-batched.npy", "right-safetensors.safetensors", "right-jsonl.jsonl",
    ])
  func formats(_ file: String) throws {
    let outcome = try diagnose(file)
    #expect(outcome.status == 0 && outcome.output.contains("right: these are"), "\(outcome.output)")
  }

  @Test("Vectors that pocketclip embed prints are right")
  func ownVectors() throws {
    let bundle = folder.file("m.pclip")
    #expect(try Tool.run("convert", Self.mini, "-o", bundle, "-q").status == 0)
    let images = Tool.fixture("diagnose/images")
    let lines = try Tool.run("embed", "-m", bundle, images, "-q")
    let printed = try folder.write(Data(lines.output.utf8), to: "lines.jsonl")
    let written = folder.file("v.safetensors")
    #expect(try Tool.run("embed", "-m", bundle, images, "-o", written, "-q").status == 0)
    for vectors in [printed, written] {
      for model in [Self.mini, bundle] {
        let outcome = try Tool.run("diagnose", model, "--embeddings", vectors, "--images", images)
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
      }
    }
  }

  @Test("Token ids and pixels in place of texts and images exclude the preparation as a cause")
  func prepared() throws {
    let vectors = Tool.fixture("diagnose/mistakes/folder-bilinear.npy")
    let pixels = try Tool.run(
      "diagnose", Self.mini, "--embeddings", vectors, "--pixels", Tool.fixture("diagnose/pixels.npy"))
    #expect(pixels.status == 0, "\(pixels.output)\(pixels.error)")
    let ids = try Tool.run(
      "diagnose", Self.mini, "--embeddings", Tool.fixture("diagnose/mistakes/text-gelu.npy"), "--ids",
      Tool.fixture("diagnose/ids.npy"), "--json")
    #expect(try (ids.json()["causes"] as? [[String: Any]])?.first?["id"] as? String == "activation-gelu")
  }

  @Test("Another number of rows, an unreadable image and other dtypes are errors with advice")
  func badInput() throws {
    let fixture = try #require(try DiagnosedFixture.named("bilinear.npy"))
    let inputs = Array(fixture.inputs.dropLast())
    let fewer = try Tool.run(["diagnose", Self.mini, "--embeddings", fixture.vectors] + inputs)
    #expect(fewer.status == 65 && fewer.error.contains("20 rows for 19 inputs"))
    let broken = try folder.write(Data("no image".utf8), to: "x.png")
    let unreadable = try Tool.run(
      ["diagnose", Self.mini, "--embeddings", fixture.vectors] + inputs + [broken])
    #expect(unreadable.status == 69 && unreadable.error.contains("x.png"))
    let missing = try Tool.run(
      ["diagnose", Self.mini, "--embeddings", fixture.vectors] + inputs + ["/no/such.png"])
    #expect(missing.status == 66)
    let integers = try Tool.run(
      "diagnose", Self.mini, "--embeddings", Tool.fixture("diagnose/ids.npy"), "--texts",
      Tool.fixture("diagnose/texts.txt"))
    #expect(integers.status == 65 && integers.error.contains("expected floats, found I64"))
    let deep = try Tool.run(
      ["diagnose", Self.mini, "--embeddings", Tool.fixture("diagnose/pixels.npy")] + inputs)
    #expect(deep.status == 65 && deep.error.contains("expected 2 axes"))
  }

  @Test("JSON rows of different lengths, words and other content are errors that name the row")
  func badJSON() throws {
    let texts = ["--texts", Tool.fixture("diagnose/texts.txt")]
    for (content, words) in [
      ("[1, 2]\n[1]\n", "row 2"), ("[\"a\"]\n", "line 1"), ("{\"x\": 1}\n", "array of numbers"),
      ("[1, 2\n", "not valid JSON"),
    ] {
      let file = try folder.write(Data(content.utf8), to: "v.jsonl")
      let outcome = try Tool.run(["diagnose", Self.mini, "--embeddings", file] + texts)
      #expect([65, 69].contains(outcome.status) && outcome.error.contains(words), "\(outcome.error)")
    }
  }

  @Test("One or two rows are insufficient, with status 1")
  func insufficient() throws {
    let vectors = try folder.write(
      Data("[\(Array(repeating: "0.5", count: 64).joined(separator: ", "))]\n".utf8), to: "one.jsonl")
    let outcome = try Tool.run(
      "diagnose", Self.mini, "--embeddings", vectors, "--images",
      Tool.fixture("minis/images/red-apple-00.jpg"))
    #expect(outcome.status == 1 && outcome.output.contains("insufficient"))
  }

  @Test("Rows in another order, exchanged towers, NaN and NumPy files of other tools get their cause by name")
  func vectorCauses() throws {
    for (file, words) in [
      ("permuted.npy", "rows in another order"), ("nan.npy", "rows: 4"),
      ("transposed-array.npy", "exchanged"),
      ("logit-scale.npy", "logit scale"),
    ] {
      let outcome = try diagnose(file)
      #expect(outcome.status == 1 && outcome.outputWords.contains(words), "\(outcome.output)")
    }
    let exchanged = try diagnose("texts-for-images.npy", "--texts", Tool.fixture("diagnose/labels.txt"))
    #expect(exchanged.output.contains("images and texts are exchanged"), "\(exchanged.output)")
  }
}
