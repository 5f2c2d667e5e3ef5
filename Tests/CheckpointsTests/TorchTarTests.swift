import Archives
import Checkpoints
import Foundation
import TestSupport
import Testing

@Suite("PyTorch files from before 0.1.10")
struct TorchTarTests {
  private static let block = 512

  private func open(_ fixture: String) throws -> Checkpoint {
    try Checkpoint.open(Fixture.url(fixture).path)
  }

  private func openBytes(_ bytes: Data) throws -> Checkpoint {
    let bytes = [UInt8](bytes)
    return try Checkpoint.open(MappedFile(copying: bytes.span.bytes, path: "/nonexistent/old.tar"))
  }

  private func read(_ bytes: Data) {
    guard let checkpoint = try? openBytes(bytes) else { return }
    for tensor in checkpoint.tensors where tensor.elementCount < 1 << 20 { _ = try? tensor.floats() }
  }

  @Test("tensors of parts of a storage, with strides, have torch.load's values")
  func values() throws {
    let pair = try Dictionary(
      uniqueKeysWithValues: open("corpus/pytorch-tar/pair").tensors.map { ($0.name, try $0.floats()) })
    #expect(pair == ["visual.proj": [0.5, 1.5, 2.5, 3.5, 4.5, 5.5], "logit_scale": [0.5]])
    let wrapped = try open("corpus/pytorch-tar/wrapped")
    #expect(wrapped.evidence.wrapperKeys == ["model"] && wrapped.tensors.count == 1)
    #expect(try wrapped.tensors[0].floats() == [2.5, 4.5])
  }

  @Test("a training checkpoint has epoch and name, and reports the ignored optimizer")
  func training() throws {
    let checkpoint = try open("valid/rn-tar-training.pt")
    #expect(checkpoint.evidence.training == TrainingFacts(epoch: 3, name: "tiny-run"))
    let optimizer = try #require(checkpoint.ignored.first { $0.name == "optimizer" })
    #expect(optimizer.reason == .trainingState && optimizer.tensorCount == 1 && optimizer.byteCount == 4)
  }

  @Test(
    "a pickle that would run a command is an error in every member and names the command")
  func commands() throws {
    for (fixture, call) in [
      ("os-system.tar", "os.system"), ("builtins-eval.tar", "__builtin__.eval"),
      ("machine-runs-a-command.tar", "posix.system"), ("storages-run-a-command.tar", "posix.system"),
      ("tensor-of-a-command.tar", "os.system"),
    ] {
      let error = try #require(throws: ReadError.self) { try open("malformed/pytorch-tar/" + fixture) }
      #expect(error.description.contains("refused: " + call), "\(error)")
      #expect(error.hint.contains("do not trust"))
    }
  }

  @Test("any other tar is an error that lists its contents and says what to do")
  func otherArchives() throws {
    let error = try #require(throws: ReadError.self) {
      try open("malformed/pytorch-tar/a-tar-of-weights.tar")
    }
    #expect(error.description.contains("ViT-B-32.pt") && error.hint.contains("tar -xf"), "\(error)")
  }

  @Test("changing any byte of a header, with a correct checksum, crashes no reader")
  func everyByteOfAHeader() throws {
    let original = try Fixture.data("corpus/pytorch-tar/wrapped")
    for header in [0, 2 * Self.block] {
      for index in header..<header + Self.block {
        for value: UInt8 in [0x00, 0x20, 0x31, 0x37, 0x80, 0xFF] {
          var bytes = original
          bytes[index] = value
          repairChecksum(&bytes, of: header)
          read(bytes)
        }
      }
    }
  }

  private func repairChecksum(_ bytes: inout Data, of header: Int) {
    let field = header + 148..<header + 156
    bytes.replaceSubrange(field, with: Data(repeating: 0x20, count: 8))
    let sum = bytes[header..<header + Self.block].reduce(0) { $0 + Int($1) }
    bytes.replaceSubrange(field, with: Data((String(format: "%06o", sum) + "\0 ").utf8))
  }
}
