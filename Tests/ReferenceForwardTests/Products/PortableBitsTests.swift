import Architecture
import Checkpoints
import Foundation
import Models
import ReferenceForward
import TestSupport
import Testing

/// `--reference portable` guarantees the same bits on every machine. The digests were computed on an AMD EPYC (Zen 4)
/// with AVX-512, and are equal on its AVX2 and SSE2 paths and with every kernel set of OpenBLAS, which is not loaded.
@Suite("Bits of the portable product") struct PortableBitsTests {
  @Test(
    "Embeddings have these bits on every machine",
    arguments: [
      ("valid/vit-torchscript-1.7.pt", "23ff04423b23d657"),
      ("valid/rn-torchscript-1.7.pt", "e8500ff1309c18be"),
    ])
  func embeddings(_ fixture: String, _ digest: String) throws {
    var options = ModelOptions()
    options.preprocessing = .openAI
    let model = try CLIPModel(Checkpoint.open(Fixture.url(fixture).path), options: options)
    let forward = ReferenceForward(model, product: .portable)
    let image = try #require(model.architecture.image)
    let text = try #require(model.architecture.text)
    let count = 2 * 3 * image.imageSize * image.imageSize
    let pixels = (0..<count).map { index -> Float in
      let level = (index &* 7919 &+ index / 13) % 256
      return Float(level) / 64 - 2
    }
    let ids = (0..<text.contextLength).map { Int32($0 &* 37 % text.vocabularySize) }
    let images = try forward.encodeImages(Tensor([2, 3, image.imageSize, image.imageSize], pixels))
    let texts = try forward.encodeTexts([ids])
    #expect(Self.digest(images.values + texts.values) == digest)
  }

  /// FNV-1a of the values' bits.
  private static func digest(_ values: [Float]) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for value in values {
      for shift in stride(from: 0, to: 32, by: 8) {
        hash = (hash ^ UInt64(value.bitPattern >> shift & 0xff)) &* 0x0000_0100_0000_01b3
      }
    }
    return String(hash, radix: 16)
  }
}
