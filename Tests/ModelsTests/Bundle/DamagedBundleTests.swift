import Archives
import Checkpoints
import Foundation
import Models
import TestSupport
import Testing

@Suite("Damaged bundles")
struct DamagedBundleTests {
  @Test(
    "The fixture of each code is an error of one line",
    arguments: [
      ("bundle-without-fields.pclip", ReadError.Code.bundleRuleBroken),
      ("bundle-of-the-future.pclip", .bundleTooNew),
    ])
  func fixture(name: String, code: ReadError.Code) throws {
    let path = Fixture.url("malformed/checkpoint/\(name)").path
    let refusal = #expect(throws: ModelError.self) { try CLIPModel.open(path) }
    let error = try #require(refusal?.cause)
    #expect(error.code == code && error.file == path && error.path.isEmpty)
    #expect(error.line.contains(name + ": ") && error.line.contains(code.summary), "\(error.line)")
    #expect(error.line.hasSuffix("; " + code.hint), "\(error.line)")
    #expect(error.line.unicodeScalars.allSatisfy { $0.value >= 0x20 }, "\(error.line)")
    #expect(error.line.count - path.count < 400, "\(error.line)")
  }

  @Test("Any bytes after a bundle's beginning give the broken rule")
  func randomBytes() throws {
    var state: UInt32 = 5
    let beginning = [0xE8, 3, 0, 0, 0, 0, 0, 0] + Array("{\"__metadata__\":{\"pclip.version\":\"1\"".utf8)
    for count in [0, 1, 2, 7, 8, 63, 512, 600, 4096, 70_000] {
      for isZero in [true, false, false, false] {
        let rest = (0..<count).map { _ in
          state = state &* 1_664_525 &+ 1_013_904_223
          return isZero ? 0 : UInt8(state >> 24)
        }
        let file = MappedFile(copying: (beginning + rest).span.bytes, path: "damaged.pclip")
        let checkpoint = try Checkpoint.open(file)
        #expect(checkpoint.format == .bundle && checkpoint.tensors.isEmpty)
        let error = #expect(throws: ModelError.self) { try CLIPModel(checkpoint) }
        #expect(error?.cause?.code == .bundleRuleBroken, "\(count): \(String(describing: error))")
        #expect(error?.description.hasPrefix("damaged.pclip: ") == true)
      }
    }
  }
}
