import Archives
import Checkpoints
import Foundation
import TestSupport
import Testing

@Suite("Valid archives that PyTorch rarely writes")
struct UnusualArchiveTests {
  @Test(
    "compressed, prefixed, big-endian and reordered archives hold the same tensors",
    arguments: ["deflated.pt", "prefixed.pt", "big-endian.pt", "unchecked.pt"])
  func sameTensors(name: String) throws {
    let reference = try #require(FixtureSidecar.all.first { $0.name == "vit-state-dict-2.13.pt" })
    let expected = try reference.expectedTensors()
    let checkpoint = try Checkpoint.open(Fixture.url("archives/" + name).path)
    #expect(checkpoint.tensors.count == expected.count)
    for tensor in checkpoint.tensors {
      #expect(try identityDigest(tensor) == expected[tensor.name]?.sha256, "\(tensor.name)")
      // Compressed members are inflated again after they were released.
      tensor.releasePages()
      #expect(try identityDigest(tensor) == expected[tensor.name]?.sha256, "\(tensor.name)")
    }
  }

  @Test("the members of PyTorch's archives match their checksums", arguments: FixtureSidecar.all)
  func soundArchives(fixture: FixtureSidecar) throws {
    #expect(throws: Never.self) { try Checkpoint.open(fixture.path).checkChecksums() }
  }

  @Test("an archive written without checksums passes the check")
  func uncheckedArchive() throws {
    let checkpoint = try Checkpoint.open(Fixture.url("archives/unchecked.pt").path)
    #expect(throws: Never.self) { try checkpoint.checkChecksums() }
  }

  @Test("the archive's checksum detects a flipped bit in a tensor's bytes")
  func flippedBit() throws {
    var bytes = [UInt8](try Fixture.data("valid/vit-state-dict-2.13.pt"))
    // The middle of the file, where every byte belongs to a tensor.
    bytes[bytes.count / 2] ^= 1
    let checkpoint = try Checkpoint.open(MappedFile(copying: bytes.span.bytes, path: "flipped.pt"))
    let error = #expect(throws: ReadError.self) { try checkpoint.checkChecksums() }
    #expect(error?.code == .zipChecksumMismatch && error?.category == .badData && error?.file == "flipped.pt")
    let member = try #require(error?.path.first?.description)
    #expect(member.contains("/data/"), "\(member)")
  }
}
