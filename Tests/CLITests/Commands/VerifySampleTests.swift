import Foundation
import TestSupport
import Testing

/// `verify --against` on the user's own images and labels.
@Suite("verify on your images") struct VerifySampleTests {
  private static let mini = Tool.fixture("minis/mini-vit.pt")
  private static let images = Tool.fixture("minis/images")
  private let folder: TemporaryFolder
  private let bundle: String

  init() throws {
    folder = try TemporaryFolder()
    bundle = folder.file("m.pclip")
    let outcome = try Tool.run(
      "convert", Self.mini, "-o", bundle, "--precision", "int8", "--effort", "nearest")
    try #require(outcome.status == 0, "\(outcome.error)")
  }

  private func verify(_ arguments: String...) throws -> Tool.Outcome {
    try Tool.run(["verify", bundle, "--against", Self.mini] + arguments)
  }

  private func samples(_ outcome: Tool.Outcome) throws -> [[String: Any]] {
    let reports = try outcome.json()["reports"] as? [[String: Any]] ?? []
    return reports.compactMap { $0["sample"] as? [String: Any] }
  }

  @Test("Cosines, worst examples and decisions of 38 images and 150 labels, for each arithmetic")
  func sample() throws {
    let outcome = try verify(
      "--image", Self.images, "--labels", Self.images + "/labels.txt", "--template", "a picture of a {}.",
      "--json")
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(try JSONSchema(named: "verify").problems(with: outcome.json()) == [])
    let samples = try samples(outcome)
    #expect(samples.count == 2)
    for sample in samples {
      let image = try #require(sample["image"] as? [String: Any])
      #expect(image["count"] as? Int == 38)
      #expect((image["histogram"] as? [Int])?.reduce(0, +) == 38)
      let worst = try #require(image["worst"] as? [[String: Any]])
      #expect(worst.count == 10 && worst[0]["cosine"] as? Double == image["worst_cosine"] as? Double)
      #expect((worst[0]["name"] as? String)?.hasPrefix(Self.images) == true)
      // Each file is named after its label.
      for example in worst {
        let file = (example["name"] as? String)?.split(separator: "/").last ?? ""
        let label = (example["label"] as? String ?? "").replacing(" ", with: "-")
        #expect(file.hasPrefix(label.dropFirst("a-picture-of-a-".count).dropLast()), "\(file), \(label)")
        #expect(example["label"] as? String == example["expected_label"] as? String)
      }
      #expect((sample["text"] as? [String: Any])?["count"] as? Int == 150)
      let decisions = try #require(sample["decisions"] as? [String: Any])
      #expect((decisions["agreement"] as? [String: Any])?["agreeing"] as? Int == 38)
      #expect((decisions["retrieval"] as? [String: Any])?["k"] as? Int == 10)
    }
    let text = try verify("--image", Self.images).output
    #expect(text.contains("\nyours       38 images: worst cosine 0.99"), "\(text)")
  }

  @Test("Few images are insufficient, with status 1, and never a pass")
  func few() throws {
    let image = Self.images + "/red-apple-00.jpg"
    let outcome = try verify("--image", image)
    #expect(outcome.status == 1 && outcome.output.contains("verdict     insufficient"))
    #expect(outcome.output.contains("give at least 30"))
  }

  @Test("The same image many times counts once, and a single label leaves nothing to choose")
  func repetition() throws {
    let list = folder.file("list.txt")
    let path = Self.images + "/red-apple-00.jpg\n"
    try Data(String(repeating: path, count: 40).utf8).write(to: URL(filePath: list))
    let outcome = try verify("--images", list)
    #expect(outcome.status == 1 && outcome.output.contains("verdict     insufficient"), "\(outcome.output)")
    #expect(outcome.error.contains("39 images equal to an earlier one"), "\(outcome.error)")
    let label = folder.file("label.txt")
    try Data("a cat\n".utf8).write(to: URL(filePath: label))
    let single = try verify("--image", Self.images, "--labels", label)
    #expect(single.status == 1 && single.output.contains("1 leaves nothing to choose"), "\(single.output)")
  }

  @Test("A bound that holds on the built-in images fails on yours")
  func bound() throws {
    let images = folder.file("image.pclip")
    let made = try Tool.run(
      "convert", Self.mini, "-o", images, "--precision", "int8", "--effort", "nearest", "--tower", "image")
    try #require(made.status == 0, "\(made.error)")
    let command = [
      "verify", images, "--against", Self.mini, "--min-cosine", "0.99993", "--arithmetic", "fast",
    ]
    let builtIn = try Tool.run(command)
    #expect(builtIn.status == 0, "\(builtIn.output)")
    let yours = try Tool.run(command + ["--image", Self.images])
    #expect(yours.status == 1 && yours.output.contains("your images: worst cosine 0.9999"), "\(yours.output)")
  }

  @Test("Of a label that is too long, the part that the model does not see is named")
  func tooLong() throws {
    let labels = folder.file("labels.txt")
    let long = [String](repeating: "a very long label", count: 30).joined(separator: " ")
    try Data("a cat\n\(long)\n".utf8).write(to: URL(filePath: labels))
    let warning = "too long for 77 tokens, cut:"
    let verified = try verify("--image", Self.images, "--labels", labels)
    #expect(verified.error.contains(warning), "\(verified.error)")
    let compared = try Tool.run(
      "bench", "--compare", bundle, "--image", Self.images, "--labels", labels, "--seconds", "0.01")
    #expect(compared.error.contains(warning), "\(compared.error)")
  }

  @Test("An image that cannot be read is skipped with status 3")
  func skipped() throws {
    let broken = folder.file("broken.jpg")
    try Data("no image".utf8).write(to: URL(filePath: broken))
    let outcome = try verify("--image", Self.images, "--image", broken)
    #expect(outcome.status == 3 && outcome.error.contains("1 image skipped"), "\(outcome.error)")
    #expect(outcome.output.contains("yours       38 images"))
  }

  @Test("Options that cannot take effect are refused")
  func refusals() throws {
    let alone = try Tool.run("verify", bundle, "--image", Self.images)
    #expect(alone.status == 64 && alone.error.contains("--image needs --against"), "\(alone.error)")
    #expect(try verify("--template", "a {}").error.contains("--template needs --labels"))
    let images = folder.file("image.pclip")
    #expect(try Tool.run("convert", Self.mini, "-o", images, "--tower", "image").status == 0)
    let labels = try Tool.run(
      "verify", images, "--against", Self.mini, "--labels", Self.images + "/labels.txt")
    #expect(labels.status == 69 && labels.error.contains("--labels"), "\(labels.error)")
  }
}
