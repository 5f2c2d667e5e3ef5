import Checkpoints
import Foundation
import TestSupport
import Testing

@Suite("Sound archives that PyTorch rarely writes")
struct UnusualArchiveTests {
  @Test(
    "compressed, prefixed, big-endian and reordered archives hold the same tensors",
    arguments: ["deflated.pt", "prefixed.pt", "big-endian.pt", "renamed.pt"])
  func sameTensors(name: String) throws {
    let reference = try #require(FixtureSidecar.all.first { $0.name == "vit-state-dict-2.13.pt" })
    let expected = try reference.expectedTensors()
    let checkpoint = try Checkpoint.open(Fixture.url("archives/" + name).path)
    #expect(checkpoint.tensors.count == expected.count)
    for tensor in checkpoint.tensors {
      #expect(try identityDigest(tensor) == expected[tensor.name]?.sha256, "\(tensor.name)")
      // Compressed members are inflated again after they were given back.
      tensor.releasePages()
      #expect(try identityDigest(tensor) == expected[tensor.name]?.sha256, "\(tensor.name)")
    }
  }
}
