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

  /// The values of the FP32 datasets.
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

  @Test("every storage and filter of both file versions gives h5py's values")
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

  @Test("an excluded path is listed, and nothing below it is read")
  func excluded() throws {
    let file = try open(Fixture.data("corpus/hdf5/classic"), excluding: "clip")
    #expect(Set(file.entries.map(\.path)) == ["brain", "clip"])
    let excluded = try #require(file.entries.first { $0.path == "clip" })
    guard case .excluded = excluded.content else {
      Issue.record("\(excluded)")
      return
    }
  }

  @Test("a changed byte in a filtered chunk is found and located when the values are loaded")
  func damagedChunk() throws {
    var bytes = try Fixture.data("corpus/hdf5/classic")
    // The compressed values of clip/weights begin with zlib's header for its strongest or its default compression.
    let start = try #require(bytes.range(of: Data([0x78, 0x9C]))?.lowerBound)
    bytes[start + 6] ^= 0x10
    let error = try #require(throws: ReadError.self) { try values(open(bytes)) }
    #expect(error.code == .hdf5ChunkDamaged && error.byteOffset == UInt64(start), "\(error)")
  }

  @Test("a file truncated anywhere is detected from its stated length", arguments: ["classic", "latest"])
  func everyLength(seed: String) throws {
    let original = try Fixture.data("corpus/hdf5/" + seed)
    for count in 8..<original.count {
      let error = try #require(throws: ReadError.self) { try open(original.prefix(count)) }
      #expect(error.code == .truncatedFile, "\(count) bytes: \(error)")
    }
  }
}
