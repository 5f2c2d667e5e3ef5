import Archives
import Checkpoints
import Foundation
import TensorTypes
import TestSupport
import Testing

@Suite("HDF5 files")
struct HDF5Tests {
  private func open(_ fixture: String) throws -> Checkpoint {
    try Checkpoint.open(Fixture.url(fixture).path)
  }

  @Test("one model has the same values in every storage, filter, byte order and file version")
  func storages() throws {
    let original = try open("valid/vit-tensorflow")
    for name in ["vit-filtered.h5", "vit-big-endian.h5", "vit-latest.h5"] {
      let other = try open("valid/" + name)
      #expect(other.tensors.map(\.name) == original.tensors.map(\.name))
      for (tensor, expected) in zip(other.tensors, original.tensors) {
        #expect(tensor.shape == expected.shape)
        #expect(try tensor.floats() == expected.floats(), "\(name): \(tensor.name)")
        tensor.releasePages()
        #expect(try tensor.floats() == expected.floats(), "released, then read again: \(tensor.name)")
      }
    }
  }

  @Test("a file moved after other data, with unchanged addresses, has the same values")
  func moved() throws {
    let original = try Fixture.data("corpus/hdf5/classic")
    let (expected, moved) = (try openBytes(original), try openBytes(Data(count: 1024) + original))
    #expect(expected.tensors.count == 3 && moved.tensors.map(\.name) == expected.tensors.map(\.name))
    for (tensor, other) in zip(expected.tensors, moved.tensors) {
      #expect(try tensor.floats() == other.floats(), "\(tensor.name)")
    }
  }

  @Test("a tensor without elements can have extents whose product overflows")
  func noElements() throws {
    let tensors = try openBytes(Fixture.data("corpus/hdf5/no-elements")).tensors
    #expect(tensors.map(\.shape) == [[1 << 61, 0]])
    #expect(try tensors.map { try $0.floats() } == [[]])
  }

  @Test("a text attribute of the root is evidence of the Keras version")
  func metadata() throws {
    let evidence = try open("valid/vit-tensorflow").evidence
    #expect(evidence.metadataValue("backend") == "tensorflow")
    #expect(evidence.metadataValue("keras_version")?.hasPrefix("2.") == true)
  }

  @Test("a changed byte in a filtered chunk is found and located when the tensor is read")
  func damagedChunk() throws {
    var bytes = try Fixture.data("corpus/hdf5/classic")
    // The compressed values of clip/weights begin with zlib's header for its strongest or its default compression.
    let start = try #require(bytes.range(of: Data([0x78, 0x9C]))?.lowerBound)
    bytes[start + 6] ^= 0x10
    let error = try #require(throws: ReadError.self) {
      let checkpoint = try openBytes(bytes)
      for tensor in checkpoint.tensors { _ = try tensor.floats() }
    }
    #expect(error.code == .hdf5ChunkDamaged && error.byteOffset == UInt64(start), "\(error)")
    #expect(error.path.map(\.description) == ["tensor clip/weights"])
  }

  private func openBytes(_ bytes: Data) throws -> Checkpoint {
    let bytes = [UInt8](bytes)
    return try Checkpoint.open(MappedFile(copying: bytes.span.bytes, path: "/nonexistent/file.h5"))
  }
}
