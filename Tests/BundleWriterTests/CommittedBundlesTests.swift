import Architecture
import BundleFormat
import BundleWriter
import Foundation
import TestSupport
import Testing

/// The format is frozen: writing these bundles again must give the committed bytes.
@Suite("Committed bundles") struct CommittedBundlesTests {
  struct Committed: Sendable, CustomTestStringConvertible {
    var name: String
    var architecture: CLIPArchitecture
    var precision: Precision

    var testDescription: String { name }
  }

  static let all: [Committed] = [
    Committed(name: "least-int8.pclip", architecture: SmallModels.least, precision: .int8),
    Committed(name: "vit-fp32.pclip", architecture: SmallModels.vision, precision: .fp32),
    Committed(name: "vit-fp16.pclip", architecture: SmallModels.vision, precision: .fp16),
    Committed(name: "vit-int8.pclip", architecture: SmallModels.vision, precision: .int8),
    Committed(name: "rn-fp32.pclip", architecture: SmallModels.leastResNet, precision: .fp32),
    Committed(name: "rn-fp16.pclip", architecture: SmallModels.leastResNet, precision: .fp16),
    Committed(name: "rn-int8.pclip", architecture: SmallModels.leastResNet, precision: .int8),
    Committed(
      name: "text-int8.pclip", architecture: SmallModels.vision.keeping(image: false, text: true),
      precision: .int8),
  ]

  static let folder = Fixture.url("valid/bundle")

  /// `PCLIP_BLESS=1` writes the files again: only for a new version of the format.
  @Test("Writing the committed bundles again gives the same bytes", arguments: all)
  func writingGivesTheCommittedBytes(_ committed: Committed) throws {
    let bytes = try writtenBundle(committed.architecture, committed.precision, in: TemporaryFolder())
    let file = Self.folder.appendingPathComponent(committed.name)
    if ProcessInfo.processInfo.environment["PCLIP_BLESS"] == "1" { try Data(bytes).write(to: file) }
    #expect(bytes == Array(try Data(contentsOf: file)))
  }

  @Test("Writing a bundle with a tokenizer's table again gives the same bytes")
  func tableGivesTheCommittedBytes() throws {
    let folder = try TemporaryFolder()
    let request = try SmallModels.textWithTable()
    let unfinished = try BundleWriter.write(request, options: WriteOptions(path: folder.file("a.pclip")))
    _ = try unfinished.finish(SmallModels.selfTest(request.sourceArchitecture))
    let bytes = try fileBytes(folder.file("a.pclip"))
    let file = Self.folder.appendingPathComponent("siglip-text-fp16.pclip")
    if ProcessInfo.processInfo.environment["PCLIP_BLESS"] == "1" { try Data(bytes).write(to: file) }
    #expect(bytes == Array(try Data(contentsOf: file)))
  }

  /// The sources of the bundles for the second reader: canonical names, FP32, safetensors.
  @Test("The sources of the committed bundles are committed", arguments: ["vit", "rn"])
  func theSourcesOfTheCommittedBundlesAreCommitted(name: String) throws {
    let architecture = name == "vit" ? SmallModels.vision : SmallModels.leastResNet
    let bytes = SafetensorsText.file(ParameterSchema(architecture).parameters, RandomSource(seed: 1))
    let file = Self.folder.appendingPathComponent("\(name).safetensors")
    if ProcessInfo.processInfo.environment["PCLIP_BLESS"] == "1" { try Data(bytes).write(to: file) }
    #expect(bytes == Array(try Data(contentsOf: file)))
  }
}

/// Rule B-031 needs a bundle with a tokenizer, whose token table is too large to commit.
@Suite("Merges of the vocabulary") struct MergesRuleTests {
  /// The first merge, the last, and the padding after it.
  @Test(
    "Merges of tokens that do not exist are an error",
    arguments: [(0, 512), (97_787, 49_405), (97_788, 0)] as [(Int, UInt16)])
  func mergesOfTokensThatDoNotExistAreRefused(index: Int, id: UInt16) throws {
    let folder = try TemporaryFolder()
    let request = SmallModels.textWithTokenizer()
    let unfinished = try BundleWriter.write(request, options: WriteOptions(path: folder.file("a.pclip")))
    var bytes = try fileBytes(unfinished.path)
    let header = try BundleHeader(file: bytes.span.bytes)
    let offset = try #require(header.tensor(ParameterName("tokenizer.merges"))).byteOffset + 2 * index
    bytes[offset] = UInt8(truncatingIfNeeded: id)
    bytes[offset + 1] = UInt8(truncatingIfNeeded: id >> 8)
    #expect(throws: BundleFault(.mergesValid, at: offset)) { try BundleHeader(file: bytes.span.bytes) }
  }
}

/// A plain safetensors file of canonical FP32 tensors.
private enum SafetensorsText {
  static func file(_ parameters: [Parameter], _ source: RandomSource) -> [UInt8] {
    var entries: [String] = []
    var data: [UInt8] = []
    for parameter in parameters {
      let start = data.count
      for value in source.values(of: parameter) {
        withUnsafeBytes(of: value.bitPattern.littleEndian) { data += $0 }
      }
      let shape = parameter.shape.map(String.init).joined(separator: ",")
      entries.append(
        "\"\(parameter.name)\":{\"dtype\":\"F32\",\"shape\":[\(shape)],\"data_offsets\":[\(start),\(data.count)]}"
      )
    }
    var header = Array("{\(entries.joined(separator: ","))}".utf8)
    while header.count % 8 != 0 { header.append(0x20) }
    let length = UInt64(header.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) } + header + data
  }
}
