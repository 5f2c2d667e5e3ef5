import Archives
import Foundation
import TensorTypes
import TestSupport
import Testing

@Suite("HDF5 structures")
struct HDF5FileTests {
  private func open(_ bytes: Data, excluding excluded: String? = nil) throws -> HDF5File {
    let bytes = [UInt8](bytes)
    let file = MappedFile(copying: bytes.span.bytes, path: "/nonexistent/file.h5")
    return try HDF5File(
      FileSlice(file: file, range: 0..<file.byteCount), superblockAt: 0, limits: .standard,
      excluding: { $0 == excluded })
  }

  /// Of the datasets in FP32.
  private func values(_ file: HDF5File) throws -> [String: [Float]] {
    var values: [String: [Float]] = [:]
    for entry in file.entries {
      guard case .dataset(let dataset) = entry.content, dataset.dtype == .f32 else { continue }
      let content = try dataset.values.load()
      values[entry.path] = content.bytes.withUnsafeBytes { bytes in
        (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
      }
    }
    return values
  }

  @Test("every storage and filter gives the values that h5py reads, structures of both generations")
  func oracle() throws {
    // The files are those of Fixtures/malformed/cases_hdf5.py `seeds`; h5py 3.14.0 gives these values.
    let classic = try open(Fixture.data("corpus/hdf5/classic"))
    #expect(classic.entries.map(\.path) == ["brain", "clip/token_embedding", "clip/weights"])
    #expect(try values(classic) == ["clip/token_embedding": [1, 2], "clip/weights": [1, 2, 1, 2]])
    let brain = try #require(classic.entries.first)
    guard case .dataset(let dataset) = brain.content else { throw CocoaError(.featureUnsupported) }
    #expect(dataset.dtype == .bf16 && dataset.shape == [2] && !dataset.isBigEndian)
    let zeros = try dataset.values.load()
    #expect(zeros.bytes.withUnsafeBytes { Array($0) } == [0, 0, 0, 0])
    let latest = try open(Fixture.data("corpus/hdf5/latest"))
    #expect(try values(latest) == ["a": [1, 2], "b": [1, 2]])
  }

  @Test("a path that the caller excludes is listed, and nothing below it is read")
  func excluded() throws {
    let file = try open(Fixture.data("corpus/hdf5/classic"), excluding: "clip")
    #expect(Set(file.entries.map(\.path)) == ["brain", "clip"])
    let excluded = try #require(file.entries.first { $0.path == "clip" })
    guard case .excluded = excluded.content else {
      Issue.record("\(excluded)")
      return
    }
  }

  @Test("a byte changed in a filtered chunk is found when the values are loaded, and located")
  func damagedChunk() throws {
    var bytes = try Fixture.data("corpus/hdf5/classic")
    // The compressed values of clip/weights begin with zlib's header for its strongest compression, or the default.
    let start = try #require(bytes.range(of: Data([0x78, 0x9C]))?.lowerBound)
    bytes[start + 6] ^= 0x10
    let error = try #require(throws: ReadError.self) { try values(open(bytes)) }
    #expect(error.code == .hdf5ChunkDamaged && error.byteOffset == UInt64(start), "\(error)")
  }

  @Test("half a file is told by its length, wherever it ends", arguments: ["classic", "latest"])
  func everyLength(seed: String) throws {
    let original = try Fixture.data("corpus/hdf5/" + seed)
    for count in 8..<original.count {
      let error = try #require(throws: ReadError.self) { try open(original.prefix(count)) }
      #expect(error.code == .truncatedFile, "\(count) bytes: \(error)")
    }
  }
}
