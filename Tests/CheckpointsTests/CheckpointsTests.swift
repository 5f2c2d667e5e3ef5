import Archives
import Checkpoints
import Foundation
import TensorTypes
import TestSupport
import Testing

@Suite("Checkpoints written by the original libraries")
struct OriginalCheckpointTests {
  @Test("there are fixtures of every readable format")
  func fixturesExist() {
    let formats = Set(FixtureSidecar.all.map(\.format))
    let readable = CheckpointFormat.all.filter { $0.isReadable && $0 != .bundle }.map(\.identifier)
    #expect(formats.isSuperset(of: readable + ["hugging-face", "open-clip"]))
  }

  @Test(
    "every tensor has PyTorch's name, shape and values",
    arguments: FixtureSidecar.all.filter(\.hasOpenAINames))
  func tensorsAreExact(fixture: FixtureSidecar) throws {
    let checkpoint = try Checkpoint.open(fixture.path)
    let expected = try fixture.expectedTensors()
    #expect(checkpoint.format == fixture.container)
    #expect(Set(checkpoint.tensors.map(\.name)) == Set(expected.keys))
    for tensor in checkpoint.tensors {
      let wanted = try #require(expected[tensor.name])
      #expect(tensor.shape == wanted.shape, "\(tensor.name)")
      #expect(try identityDigest(tensor) == wanted.sha256, "\(tensor.name)")
    }
  }

  @Test("exactly the entries that are not weights are ignored, by name", arguments: FixtureSidecar.all)
  func ignoredIsExact(fixture: FixtureSidecar) throws {
    let checkpoint = try Checkpoint.open(fixture.path)
    let passedOver = checkpoint.ignored.filter {
      [.scalarBuffer, .computedBuffer, .batchCounter, .notATensor, .unusedStorage, .languageModelProjector]
        .contains($0.reason)
    }
    #expect(Set(passedOver.map(\.name)) == fixture.ignored)
  }

  @Test(
    "OpenAI's archives show module types and the three scalar buffers",
    arguments: ["vit-torchscript-1.7.pt", "vit-torchscript-2.13.pt", "rn-torchscript-1.7.pt"])
  func torchScriptEvidence(name: String) throws {
    let evidence = try Checkpoint.open(Fixture.url("valid/" + name).path).evidence
    #expect(evidence.namesQuickGELU)
    let buffers = try #require(evidence.scalarBuffers)
    #expect(buffers.contextLength == 16 && buffers.vocabularySize == 128)
    #expect(buffers.inputResolution == (name.hasPrefix("vit") ? 24 : 64))
  }

  @Test("wrappers and prefixes are removed and reported", arguments: FixtureSidecar.all)
  func wrappersAreReported(fixture: FixtureSidecar) throws {
    let evidence = try Checkpoint.open(fixture.path).evidence
    #expect(evidence.wrapperKeys == (fixture.wrapper.map { [$0] } ?? []))
    #expect(evidence.strippedPrefix == fixture.prefix)
  }

  @Test("a training checkpoint has epoch and name, and reports what it ignores")
  func trainingCheckpoint() throws {
    let checkpoint = try Checkpoint.open(Fixture.url("valid/vit-training.pt").path)
    #expect(checkpoint.evidence.training == TrainingFacts(epoch: 7, name: "tiny-run"))
    let optimizer = try #require(checkpoint.ignored.first { $0.name == "optimizer" })
    #expect(optimizer.reason == .trainingState && optimizer.byteCount > 0)
    // AdamW trained only the vectors and keeps a step count and two moments for each.
    #expect(optimizer.tensorCount == 3 * checkpoint.tensors.count { $0.shape.count < 2 })
    #expect(checkpoint.notes.contains { $0.contains("optimizer") })
  }

  @Test("reading part of a strided tensor gives the same values as reading all of it")
  func partialReads() throws {
    let checkpoint = try Checkpoint.open(Fixture.url("valid/vit-strided.pt").path)
    #expect(checkpoint.tensors.contains { !$0.isContiguous })
    for tensor in checkpoint.tensors where tensor.elementCount > 3 {
      let all = try tensor.floats()
      let start = tensor.elementCount / 3
      var part = [Float](repeating: .nan, count: tensor.elementCount / 2)
      var span = part.mutableSpan
      try tensor.readFloats(into: &span, from: start)
      #expect(part == Array(all[start..<start + part.count]), "\(tensor.name)")
    }
  }

  @Test("raw bytes of a contiguous tensor are its values in the stored type")
  func rawBytes() throws {
    let checkpoint = try Checkpoint.open(Fixture.url("valid/vit-state-dict-2.13.pt").path)
    let scale = try #require(checkpoint.tensors.first { $0.name == "logit_scale" })
    #expect(scale.dtype == .f32)
    let value = try scale.withRawBytes { $0?.unsafeLoadUnaligned(fromByteOffset: 0, as: Float.self) }
    #expect(try value == scale.floats()[0])
  }
}
