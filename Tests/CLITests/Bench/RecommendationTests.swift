import Foundation
import TestSupport
import Testing

/// Which variant `bench --compare` recommends. Times are measured, so these tests ask for sizes and cosines.
@Suite("bench --compare recommends") struct RecommendationTests {
  private static let mini = Tool.fixture("minis/mini-vit.pt")
  private static let images = Tool.fixture("minis/images")
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func compare(_ arguments: String...) throws -> Tool.Outcome {
    try Tool.run(["bench", "--compare", "--seconds", "0.001", "-q"] + arguments)
  }

  private func bundle(_ precision: String) throws -> String {
    let path = folder.file("\(precision).pclip")
    let outcome = try Tool.run(
      "convert", Self.mini, "-o", path, "--precision", precision, "--no-measure")
    try #require(outcome.status == 0, "\(outcome.error)")
    return path
  }

  private func variants(_ outcome: Tool.Outcome) throws -> [[String: Any]] {
    let all = try outcome.json()["variants"] as? [[String: Any]] ?? []
    return all.filter { $0["arithmetic"] as? String != "bf16" }
  }

  private func recommended(_ outcome: Tool.Outcome) throws -> String? {
    try (outcome.json()["recommendation"] as? [String: Any])?["name"] as? String
  }

  @Test("Of a checkpoint, FP16 and int8 with each rounding; the printed command makes that bundle")
  func checkpoint() throws {
    let outcome = try compare(Self.mini, "--target", "mb<=5, ms<=3600000, cos>=0.9999", "--json")
    #expect(outcome.status == 0, "\(outcome.error)")
    let found = try variants(outcome)
    #expect(
      found.compactMap { $0["name"] as? String }.prefix(5) == [
        "fp16", "int8 nearest, exact", "int8 nearest, fast", "int8 calibrated, exact",
        "int8 calibrated, fast",
      ])
    let best = try #require(try outcome.json()["recommendation"] as? [String: Any])
    let commands = try #require(best["commands"] as? [String])
    let path = folder.file("made.pclip")
    let words = commands[0].replacing("NAME.pclip", with: path).split(separator: " ").map(String.init)
    #expect(words.first == "pocketclip" && words.contains("--effort"), "\(words)")
    let made = try Tool.run(words.dropFirst() + ["-q"])
    #expect(made.status == 0, "\(made.error)")
    let size = try #require(
      found.first { $0["name"] as? String == best["name"] as? String }?["file_byte_count"] as? Int)
    #expect(try Data(contentsOf: URL(filePath: path)).count == size)
  }

  @Test("A target decides: the small one, the faithful one, or none with status 1 and every miss")
  func target() throws {
    let (half, small) = (try bundle("fp16"), try bundle("int8"))
    let faithful = try compare(half, small, "--target", "cos>=0.99999", "--json")
    #expect(try recommended(faithful) == "fp16, fp16")
    let tight = try compare(half, small, "--target", "MB<=5,cos>=0.9998,ms<=3600000", "--json")
    #expect(try recommended(tight)?.hasPrefix("int8, int8") == true)
    let exact = try compare(half, small, "--target", "mb<=5, ms<=3600000", "--json")
    #expect(try recommended(exact) == "int8, int8 exact")
    let none = try compare(half, small, "--target", "mb<=5, cos>=0.99999", "--json")
    #expect(none.status == 1 && none.error.contains("no variant reaches the target"), "\(none.error)")
    #expect(try recommended(none) == nil)
    #expect(try variants(none).allSatisfy { ($0["missed"] as? [String])?.count == 1 })
  }

  @Test("A star marks the recommended line, and the last line runs it")
  func star() throws {
    let lines = try compare(try bundle("fp16"), try bundle("int8")).output.split(separator: "\n")
    let stars = lines.filter { $0.hasPrefix("* ") }
    #expect(stars.count == 1)
    let name = try #require(stars.first?.dropFirst(2).split(separator: "  ").first)
    #expect(lines.contains { $0.hasPrefix("take \(name): ") })
    #expect(lines.last?.hasPrefix("  pocketclip embed -m ") == true, "\(lines.last ?? "")")
  }

  @Test("Your images and labels are compared, each counted once; an unreadable one is skipped with status 3")
  func images() throws {
    let (half, small) = (try bundle("fp16"), try bundle("int8"))
    let broken = folder.file("broken.jpg")
    try Data("no image".utf8).write(to: URL(filePath: broken))
    let outcome = try compare(
      half, small, "--image", Self.images, "--image", broken, "--labels", Self.images + "/labels.txt",
      "--template", "a picture of a {}.", "--json")
    #expect(outcome.status == 3 && outcome.error.contains("broken.jpg"), "\(outcome.error)")
    for variant in try variants(outcome) {
      let agreement = try #require(variant["agreement"] as? [String: Any])
      #expect(agreement["images"] as? Int == 38 && agreement["texts"] as? Int == 150)
      // OpenAI's labels of these images are certain enough for int8.
      #expect(agreement["agreeing"] as? Int == 38)
      #expect(abs((agreement["least"] as? Double ?? 0) - 0.908) < 0.001)
    }
  }

  @Test("The interval counts, not the share: too few images are refused, with the number that would do")
  func sampleSize() throws {
    let small = try bundle("int8")
    for (arguments, needed) in [(["agree>=0.9"], 35), (["agree>=0.98", "--image", Self.images], 189)] {
      let outcome = try Tool.run(["bench", "--compare", small, "--seconds", "3600", "--target"] + arguments)
      #expect(outcome.status == 64 && outcome.error.contains("at least \(needed) images"), "\(outcome.error)")
    }
    let enough = try compare(
      small, "--image", Self.images, "--labels", Self.images + "/labels.txt", "--target",
      "agree>=0.9, cos>=0", "--json")
    #expect(enough.status == 0, "\(enough.error)")
  }

  @Test("If no image can be read, nothing is recommended")
  func unreadable() throws {
    let broken = folder.file("broken.jpg")
    try Data("no image".utf8).write(to: URL(filePath: broken))
    let outcome = try compare(try bundle("int8"), "--image", broken)
    #expect(outcome.status == 69 && !outcome.output.contains("take "), "\(outcome.error)")
  }

  @Test("A checkpoint's bundles leave nothing in the folder for temporary files")
  func noFiles() throws {
    try FileManager.default.createDirectory(atPath: folder.file("tmp"), withIntermediateDirectories: false)
    let outcome = try Tool.run(
      ["bench", "--compare", "--seconds", "0.001", "-q", Self.mini],
      environment: ProcessInfo.processInfo.environment.merging(["TMPDIR": folder.file("tmp")]) { $1 })
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("tmp")).isEmpty)
  }

  private static let refused: [(arguments: [String], status: Int32, message: String)] = [
    (["--target", "cos>0.9"], 64, "'cos>0.9': expected cos>=, agree>=, ms<= or mb<="),
    (["--target", "cos>=1.5"], 64, "from 0 to 1"), (["--target", "mb<=0x10"], 64, "expected a number"),
    (["--target", "agree>=1"], 64, "no number of images"), ([mini], 64, "is not a bundle, but others are"),
    (["--target", "ms<=nan"], 64, "expected a number"),
    (["--target", "ms<=1,ms<=2"], 64, "given twice"), (["--target", ""], 64, "''"),
    (["--template", "a {}"], 64, "--template needs --labels"),
    (["--architecture", "ViT-B-32"], 64, "--architecture only applies to a checkpoint"),
    (["--image", "/nowhere.jpg"], 66, "/nowhere.jpg"), (["--image", "/dev/zero"], 66, "neither a file"),
    (["--labels", "/nowhere.txt"], 66, "/nowhere.txt"),
  ]

  @Test("What cannot be meant is refused before anything is timed", arguments: refused)
  func refusals(arguments: [String], status: Int32, message: String) throws {
    let outcome = try Tool.run(["bench", "--compare", try bundle("int8"), "--seconds", "3600"] + arguments)
    #expect(outcome.status == status && outcome.error.contains(message), "\(outcome.error)")
  }

  @Test("Options of the comparison need it, and a half model refuses what it lacks")
  func misplaced() throws {
    let small = try bundle("int8")
    let alone = try Tool.run("bench", small, "--target", "ms<=1")
    #expect(
      alone.status == 64 && alone.error.contains("--target only applies to --compare"), "\(alone.error)")
    let text = Tool.fixture("runtime/hidden-text-fp32.pclip")
    for (option, value) in [("--image", Self.images), ("--target", "agree>=0.5")] {
      let half = try Tool.run("bench", "--compare", text, "--seconds", "3600", option, value)
      #expect(half.status == 69, "\(option): \(half.error)")
    }
  }
}
