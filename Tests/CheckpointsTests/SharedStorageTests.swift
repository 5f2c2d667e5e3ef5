import Archives
import Checkpoints
import Foundation
import Synchronization
import TensorTypes
import TestSupport
import Testing

/// Bytes that are computed on load, like those of an inflated member.
private final class MadeBytes: ByteSource {
  let byteCount: Int
  let computedByteCount: Int
  private let content: MappedFile
  private let loads = Mutex(0)

  init(_ bytes: [UInt8], computedByteCount: Int) {
    byteCount = bytes.count
    self.computedByteCount = computedByteCount
    content = MappedFile(copying: bytes.span.bytes, path: "made")
  }

  var loadCount: Int { loads.withLock { $0 } }

  func load() -> FileSlice {
    loads.withLock { $0 += 1 }
    return FileSlice(file: content, range: 0..<byteCount)
  }

  func release() {}
}

@Suite("Bytes needed to read a tensor of a shared storage")
struct SharedStorageTests {
  private static func tensor(
    of storage: any ByteSource, shape: [Int], strides: [Int], offset: Int, isBigEndian: Bool = false
  ) throws -> CheckpointTensor {
    try CheckpointTensor(
      name: "w", dtype: .u8, shape: shape, strides: strides, storageOffset: offset,
      isBigEndian: isBigEndian, storage: storage, file: "made")
  }

  @Test("a tensor counts its own bytes if they are mapped, and its complete storage if that is inflated")
  func counted() throws {
    for (computed, expected) in [(0, 6), (100, 100)] {
      let storage = MadeBytes([UInt8](repeating: 0, count: 100), computedByteCount: computed)
      let tensor = try Self.tensor(of: storage, shape: [2, 3], strides: [3, 1], offset: 10)
      #expect(tensor.readingByteCount == expected)
      let empty = try Self.tensor(of: storage, shape: [0, 3], strides: [3, 1], offset: 10)
      #expect(empty.readingByteCount == 0)
    }
  }

  @Test("inflated members count, stored ones do not", arguments: [("deflated", true), ("unchecked", false)])
  func members(name: String, isInflated: Bool) throws {
    let checkpoint = try Checkpoint.open(Fixture.url("archives/\(name).pt").path)
    for tensor in checkpoint.tensors {
      #expect(
        tensor.storage.computedByteCount == (isInflated ? tensor.storage.byteCount : 0), "\(tensor.name)")
    }
  }

  @Test(
    "of an FP8 storage, only the part that a tensor reaches is widened, with the same values",
    arguments: [
      ([2, 3], [3, 1], 4, 6), ([3, 2], [1, 5], 2, 8), ([2, 2], [0, 0], 9, 1), ([0, 4], [4, 1], 50, 0),
    ])
  func float8(shape: [Int], strides: [Int], offset: Int, reached: Int) throws {
    // Five bits of exponent, two of fraction; all are positive and finite.
    let storage = MadeBytes((0..<100).map { UInt8($0) }, computedByteCount: 100)
    let stored = try Self.tensor(of: storage, shape: shape, strides: strides, offset: offset)
    let tensor = try stored.asFloat16(.e5m2)
    #expect(tensor.storage.byteCount == 2 * reached)
    #expect(tensor.storage.computedByteCount == 2 * reached + 100)
    #expect(storage.loadCount == 0)
    let expected = try stored.floats().map { byte in
      let (exponent, fraction) = (Int(byte) >> 2, Float(Int(byte) & 3) / 4)
      return exponent == 0
        ? fraction * 0x1p-14 : Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction)
    }
    #expect(try tensor.floats() == expected)
    // Single bytes have no byte order, so the file's is irrelevant.
    let swapped = try Self.tensor(
      of: storage, shape: shape, strides: strides, offset: offset, isBigEndian: true)
    #expect(try swapped.asFloat16(.e5m2).floats() == expected)
  }
}
