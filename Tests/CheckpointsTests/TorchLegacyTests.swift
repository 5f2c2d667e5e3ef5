import Archives
import Checkpoints
import Foundation
import TestSupport
import Testing

@Suite("PyTorch files from before 1.6")
struct TorchLegacyTests {
  private func open(_ fixture: String) throws -> Checkpoint {
    try Checkpoint.open(Fixture.url(fixture).path)
  }

  private func openBytes(_ bytes: Data) throws -> Checkpoint {
    let bytes = [UInt8](bytes)
    return try Checkpoint.open(MappedFile(copying: bytes.span.bytes, path: "/nonexistent/legacy.pt"))
  }

  private func values(_ checkpoint: Checkpoint) throws -> [String: [Float]] {
    try Dictionary(uniqueKeysWithValues: checkpoint.tensors.map { ($0.name, try $0.floats()) })
  }

  @Test("storages that are parts of another hold that part, like with torch.load")
  func views() throws {
    let tensors = try values(open("archives/legacy-views.pt"))
    #expect(tensors == ["visual.proj": [2, 4, 3, 5], "logit_scale": [7]])
  }

  @Test("a tensor without elements has no bytes, with any stated offset")
  func noElements() throws {
    let tensor = try #require(try open("corpus/pytorch-legacy/empty").tensors.first)
    #expect(tensor.shape == [0, 3])
    #expect(try tensor.withRawBytes { $0?.byteCount } == 0)
    #expect(try tensor.floats().isEmpty)
  }

  @Test(
    "vectors of one storage, transposed and sliced matrices, and BF16 are read as views of PyTorch's data")
  func stridedTensors() throws {
    let checkpoint = try open("valid/rn-legacy-training.pt")
    #expect(checkpoint.tensors.count { !$0.isContiguous } > 5)
    #expect(Set(checkpoint.tensors.map { "\($0.dtype)" }) == ["f32", "f16", "bf16"])
  }

  @Test("a training checkpoint has epoch and name, and reports the ignored optimizer")
  func training() throws {
    let checkpoint = try open("valid/rn-legacy-training.pt")
    #expect(checkpoint.evidence.training == TrainingFacts(epoch: 3, name: "tiny-run"))
    let optimizer = try #require(checkpoint.ignored.first { $0.name == "optimizer" })
    #expect(optimizer.reason == .trainingState && optimizer.tensorCount == 1 && optimizer.byteCount == 4)
  }

  @Test("a big-endian header changes no value, like in PyTorch, and is noted")
  func bigEndianMachine() throws {
    var bytes = try Fixture.data("corpus/pytorch-legacy/pair")
    let expected = try values(openBytes(bytes))
    let order = try #require(bytes.range(of: Data("little_endian".utf8)))
    bytes[order.upperBound] = 0x89
    let swapped = try openBytes(bytes)
    #expect(try values(swapped) == expected)
    #expect(swapped.notes.contains { $0.contains("big-endian") })
    // Until 2018 big-endian machines wrote the counts, but not the values, in their byte order.
    let count = Data([6, 0, 0, 0, 0, 0, 0, 0])
    bytes.replaceSubrange(try #require(bytes.range(of: count)), with: count.reversed())
    #expect(try values(openBytes(bytes)) == expected)
  }

  @Test("a pickle that would run a command is an error that names the command")
  func commands() throws {
    for (fixture, call) in [
      ("os-system.pt", "os.system"), ("builtins-exec.pt", "builtins.exec"),
      ("machine-runs-a-command.pt", "posix.system"), ("keys-run-a-command.pt", "os.system"),
    ] {
      let error = try #require(throws: ReadError.self) { try open("malformed/pytorch-legacy/" + fixture) }
      #expect(error.description.contains("refused: " + call), "\(error)")
      #expect(error.hint.contains("do not trust"))
    }
  }

  @Test("a pickled module is an error that names its class and says what to save instead")
  func wholeModule() throws {
    let error = try #require(throws: ReadError.self) {
      try open("malformed/pytorch-legacy/whole-module.pt")
    }
    #expect(error.description.contains("clip.model.CLIP"), "\(error)")
    #expect(error.hint.contains("state_dict()") && error.category == .unsupported)
  }

  @Test(
    "a truncated file is an error at any length", arguments: ["pair", "wrapped", "framed"])
  func everyLength(seed: String) throws {
    let original = try Fixture.data("corpus/pytorch-legacy/" + seed)
    for count in 18..<original.count {
      let error = try #require(throws: ReadError.self) { try openBytes(original.prefix(count)) }
      #expect([.pickleTruncated, .truncatedFile].contains(error.code), "\(count) bytes: \(error)")
    }
  }

}
