import Archives
import Checkpoints
import Foundation
import TensorTypes
import TestSupport
import Testing

@Suite("Flax MessagePack")
struct FlaxTests {
  private func open(_ name: String) throws -> Checkpoint {
    try Checkpoint.open(Fixture.url("valid/" + name).path)
  }

  @Test("files of transformers and of flax.serialization are distinguished by their content")
  func detection() throws {
    for name in ["vit-flax/flax_model.msgpack", "vit-flax-state.msgpack", "vit-flax-text"] {
      #expect(try open(name).format == .flax)
    }
  }

  @Test("an index that joins names with slashes finds its shards")
  func shards() throws {
    let checkpoint = try open("vit-flax-sharded/flax_model.msgpack.index.json")
    #expect(checkpoint.layout == .shards && checkpoint.files.count == 3)
    #expect(checkpoint.tensors.allSatisfy { $0.dtype == .bf16 })
  }

  @Test("chunks are joined, and reading part of a joined array gives the same values as reading all of it")
  func chunks() throws {
    let state = try open("vit-flax-state.msgpack")
    let kernel = try #require(state.tensors.first { $0.name == "text_model.encoder.layers.0.mlp.fc1.kernel" })
    #expect(kernel.shape == [64, 256] && kernel.dtype == .f32)
    let all = try kernel.floats()
    kernel.releasePages()
    var part = [Float](repeating: .nan, count: 5000)
    var span = part.mutableSpan
    try kernel.readFloats(into: &span, from: 3000)
    #expect(part == Array(all[3000..<8000]))
  }

  @Test("AdamW's moments next to the parameters are ignored as training state")
  func trainingState() throws {
    let moments = try #require(open("vit-flax-state.msgpack").ignored.first { $0.name == "opt_state" })
    #expect(moments.reason == .trainingState && moments.tensorCount == 1 && moments.byteCount == 4)
  }

  @Test(
    "maps and lists nested a million deep are errors",
    arguments: [[0x81, 0xA1, 0x61], [0x91]] as [[UInt8]])
  func nesting(level: [UInt8]) throws {
    let bytes = [0x81, 0xA1, 0x61] + Array(repeatElement(level, count: 1_000_000).joined()) + [0xC0]
    let thrown = #expect(throws: ReadError.self) {
      _ = try Checkpoint.open(MappedFile(copying: bytes.span.bytes, path: "deep.msgpack"))
    }
    #expect(thrown?.code == .messagePackTooDeep)
  }

  @Test("in a hub folder the safetensors file is read, and the Flax file next to it is reported")
  func hubFolder() throws {
    try withTemporaryFolder { parent in
      let folder = parent.appending(path: "hub")
      try FileManager.default.copyItem(at: Fixture.url("valid/vit-hugging-face"), to: folder)
      try FileManager.default.copyItem(
        at: Fixture.url("valid/vit-flax/flax_model.msgpack"),
        to: folder.appending(path: "flax_model.msgpack"))
      let checkpoint = try Checkpoint.open(folder.path)
      #expect(checkpoint.format == .safetensors)
      #expect(checkpoint.notes.contains { $0.contains("flax_model.msgpack") })
      #expect(try Checkpoint.open(folder.path, taking: Selection(format: .flax)).format == .flax)
    }
  }
}

@Suite("NumPy archives")
struct NumPyTests {
  @Test("the fixture's arrays include both orders of axes, both byte orders and bfloat16")
  func mixedArrays() throws {
    let checkpoint = try Checkpoint.open(Fixture.url("valid/vit-mixed.npz").path)
    #expect(Set(checkpoint.tensors.map(\.dtype)) == [.f16, .f32, .f64, .bf16])
    #expect(checkpoint.tensors.contains { $0.shape.count == 2 && !$0.isContiguous })
    #expect(checkpoint.tensors.contains { $0.shape.isEmpty && !$0.isContiguous })
  }

  @Test("a damaged array is detected by its checksum")
  func checksum() throws {
    var bytes = [UInt8](try Fixture.data("valid/vit-mixed.npz"))
    let checkpoint = try Checkpoint.open(MappedFile(copying: bytes.span.bytes, path: "vit.npz"))
    try checkpoint.checkChecksums()
    // Among the first array's values, after a local header and an npy header.
    bytes[250] ^= 1
    let damaged = try Checkpoint.open(MappedFile(copying: bytes.span.bytes, path: "vit.npz"))
    let error = #expect(throws: ReadError.self) { try damaged.checkChecksums() }
    #expect(error?.code == .zipChecksumMismatch)
  }

  @Test("a single array is an error that describes it")
  func singleArray() throws {
    let error = #expect(throws: ReadError.self) {
      _ = try Checkpoint.open(Fixture.url("malformed/npy/one-array.npy").path)
    }
    #expect(error?.found?.contains("F32 [2]") == true)
  }

  @Test("Scenic's dictionary is recognised by its names, and its pickle is not parsed")
  func scenic() throws {
    let error = #expect(throws: ReadError.self) {
      _ = try Checkpoint.open(Fixture.url("malformed/npy/scenic.npy").path)
    }
    #expect(error?.found?.contains("Scenic") == true && error?.hint.contains("allow_pickle") == true)
  }
}
