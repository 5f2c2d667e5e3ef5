import Archives
import Checkpoints
import Foundation
import Glibc
import TestSupport
import Testing

/// Sparse files of 10 GB, which use no disk space. A reader that reads on finds zeros after a few bytes.
@Suite("Files of 10 GB")
struct SparseFileTests {
  static let byteCount = 10 << 30
  /// Reading more than the first and last pages would immediately exceed this.
  static let megabytesAllowed = 48

  /// Beginnings that state as much as a file of this size can hold, in addition to those of all formats.
  static let greedy: [(what: String, bytes: [UInt8])] = [
    ("zeros alone", []),
    ("an object of JSON", text("{")),
    ("a web page", text("<html")),
    ("2 GB of a header", count(0x7FFF_FFFF) + text("{")),
    ("an npy header of 2 GB", [0x93] + text("NUMPY") + [2, 0, 0xFF, 0xFF, 0xFF, 0x7F]),
    ("a billion empty texts", gguf(values: 1, entry("x", type: 9) + word(8) + count(1_000_000_000))),
    ("nine billion booleans", gguf(values: 1, entry("x", type: 9) + word(7) + count(9_000_000_000))),
    ("two hundred thousand tensors", gguf(tensors: 200_000, values: 0, [])),
    ("four billion numbers", [0x81, 0xA1, 0x61, 0xDD, 0xFF, 0xFF, 0xFF, 0xFF]),
    ("four billion pairs", [0x81, 0xA1, 0x61, 0xDF, 0xFF, 0xFF, 0xFF, 0xFF]),
    ("a text of 4 GB", [0x81, 0xDB, 0xFF, 0xFF, 0xFF, 0xFF]),
    ("an array of 4 GB", [0x81, 0xA1, 0x61, 0xC9, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]),
  ]

  private static func text(_ text: String) -> [UInt8] { FormatBeginning.text(text) }
  private static func count(_ count: UInt64) -> [UInt8] { FormatBeginning.count(count) }
  private static func word(_ word: UInt32) -> [UInt8] { withUnsafeBytes(of: word.littleEndian, Array.init) }

  private static func entry(_ key: String, type: UInt32) -> [UInt8] {
    count(UInt64(key.utf8.count)) + text(key) + word(type)
  }

  private static func gguf(tensors: UInt64 = 0, values: UInt64, _ rest: [UInt8]) -> [UInt8] {
    let architecture = entry("general.architecture", type: 8) + count(4) + text("clip")
    return text("GGUF") + word(3) + count(tensors) + count(values + 1) + architecture + rest
  }

  /// Nil for a file that opens.
  static func refusal(of beginning: [UInt8]) throws -> ReadError? {
    let folder = try TemporaryFolder()
    let path = try folder.write(Data(beginning), to: "sparse")
    guard truncate(path, byteCount) == 0 else { throw CocoaError(.fileWriteUnknown) }
    do throws(ReadError) {
      _ = try Checkpoint.open(path)
      return nil
    } catch {
      return error
    }
  }

  @Test("of zeros after any format's beginning are errors", arguments: CheckpointFormat.all)
  func formats(format: CheckpointFormat) throws {
    // Bundles are checked when they are opened: DamagedBundleTests.
    #expect(try Self.refusal(of: FormatBeginning.of(format)) != nil || format == .bundle)
  }

  @Test("that state as much as a file of this size can hold are errors, or have no tensor", arguments: greedy)
  func claims(what: String, bytes: [UInt8]) throws {
    #expect(try Self.refusal(of: bytes) != nil || what == "nine billion booleans")
  }

  @Test("need no memory except for the pages that are read")
  func memory() async {
    // In a separate process, because the peak of a process never decreases.
    await #expect(processExitsWith: .success) {
      let before = peakMegabytes()
      for format in CheckpointFormat.all { _ = try SparseFileTests.refusal(of: FormatBeginning.of(format)) }
      for beginning in SparseFileTests.greedy { _ = try SparseFileTests.refusal(of: beginning.bytes) }
      let taken = peakMegabytes() - before
      exit(taken < SparseFileTests.megabytesAllowed ? EXIT_SUCCESS : EXIT_FAILURE)
    }
  }
}

/// For this process, including mapped pages.
func peakMegabytes() -> Int {
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  return Int(usage.ru_maxrss) / 1024
}
