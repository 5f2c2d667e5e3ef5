import Archives
import Checkpoints
import Foundation
import Glibc
import TestSupport
import Testing

/// One file or folder in `Fixtures/malformed`, with the error that its sidecar requires.
struct MalformedFixture: Sendable, CustomTestStringConvertible {
  /// Containers, formats and folders. Bundles have their own census (BundleFormatTests).
  static let groups: [String] = {
    let names = (try? Folder.names(in: Fixture.url("malformed").path, limits: .standard)) ?? []
    return names.filter { $0 != "bundle" && Folder.hasFolder(Fixture.url("malformed/" + $0).path) }.sorted()
  }()

  let group: String
  let name: String
  let sidecar: JSONValue

  var testDescription: String { group + "/" + name }
  var path: String {
    Fixture.url("malformed/\(group)/" + (sidecar["open"]?.stringValue ?? name)).path
  }
  var code: ReadError.Code? {
    sidecar["code"]?.integerValue.flatMap { number in ReadError.Code.all.first { Int($0.rawValue) == number }
    }
  }
  var codeName: String? { sidecar["name"]?.stringValue }
  /// Nil if the sidecar has none.
  var byteOffset: UInt64? { sidecar["offset"]?.integerValue.map(UInt64.init) }
  var places: [String] { (sidecar["places"]?.arrayValue ?? []).compactMap(\.stringValue) }

  static let all: [MalformedFixture] = groups.flatMap { group in
    let names = (try? Folder.names(in: Fixture.url("malformed/" + group).path, limits: .standard)) ?? []
    return names.compactMap { (name: String) -> MalformedFixture? in
      guard name.hasSuffix(".json"), names.contains(String(name.dropLast(5))),
        let sidecar = try? Fixture.json("malformed/\(group)/\(name)")
      else { return nil }
      return MalformedFixture(group: group, name: String(name.dropLast(5)), sidecar: sidecar)
    }
  }

  /// Those with an error of a reader. A damaged bundle is an error when it is opened: DamagedBundleTests.
  static let ofReaders = all.filter { fixture in
    ![.bundleRuleBroken, .bundleTooNew].contains(fixture.code)
  }
}

@Suite("Malformed checkpoints")
struct MalformedFixtureTests {
  @Test("each has its code, at its offset, in one line", arguments: MalformedFixture.ofReaders)
  func failsAsDocumented(fixture: MalformedFixture) throws {
    let error = try #require(throws: ReadError.self) { _ = try Checkpoint.open(fixture.path) }
    #expect(error.code == fixture.code, "\(error)")
    #expect("\(error.code)" == fixture.codeName)
    if let offset = fixture.byteOffset { #expect(error.byteOffset == offset, "\(error)") }
    #expect(error.path.map(\.description) == fixture.places, "\(error)")
  }

  @Test(
    "each error is one short line with file, byte, positions and advice, without control characters",
    arguments: MalformedFixture.ofReaders)
  func hasOneLine(fixture: MalformedFixture) throws {
    let error = try #require(throws: ReadError.self) { _ = try Checkpoint.open(fixture.path) }
    let line = error.line
    let file = try #require(error.file)
    #expect(line.contains(Folder.lastComponent(of: file) + ": "), "\(line)")
    #expect(line.contains(error.code.summary), "\(line)")
    if let offset = fixture.byteOffset { #expect(line.contains(" at byte \(offset)"), "\(line)") }
    for place in fixture.places { #expect(line.contains(" in \(place)"), "\(line)") }
    #expect(line.hasSuffix("; " + error.hint) && !error.hint.isEmpty, "\(line)")
    let shows = line.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
    #expect(shows, "\(line)")
    // The folder of the tests is not part of the error.
    #expect(line.count - file.count < Self.lineLength, "\(line)")
  }

  /// Characters, without the folder: three lines of a terminal.
  static let lineLength = 400

  @Test("errors need memory in proportion to the file, for any claims in it")
  func memoryStaysSmall() async {
    // In a separate process, because the peak of a process never decreases.
    await #expect(processExitsWith: .success) {
      let before = peakMegabytes()
      for fixture in MalformedFixture.all { _ = try? Checkpoint.open(fixture.path) }
      exit(peakMegabytes() - before < MalformedFixtureTests.megabytesAllowed ? EXIT_SUCCESS : EXIT_FAILURE)
    }
  }

  /// The fixtures have 0.2 MB in total; some claim gigabytes. Most of the allowance is the start of the process.
  static let megabytesAllowed = 48

  /// The smallest number of kinds of damage for a format's parser.
  static let leastPerGroup = 25

  @Test("every supported format or its container has its own group")
  func everyFormatHasAGroup() {
    let containers = ["torchscript": "pickle", "pytorch-zip": "pickle", "keras": "hdf5"]
    for format in CheckpointFormat.all where format.isReadable && format != .bundle {
      let group = containers[format.identifier] ?? format.identifier
      #expect(MalformedFixture.groups.contains(group), "\(format)")
    }
  }

  @Test("every code has a fixture or a test", arguments: ReadError.Code.all)
  func everyCodeIsProvoked(code: ReadError.Code) {
    // Damaged weights are found when they are read, not on opening: UnusualArchiveTests, HDF5Tests. An option is not
    // an error of a file: TowerSearchTests. A shard is valid but incomplete: FolderTests.
    let elsewhere: [ReadError.Code] = [
      .zipChecksumMismatch, .hdf5ChunkDamaged, .noModelBelowPrefix, .oneOfSeveralShards, .furtherModules,
    ]
    let isProvokedElsewhere = PathTests.codes.contains(code) || elsewhere.contains(code)
    #expect(isProvokedElsewhere || MalformedFixture.all.contains { $0.code == code })
  }

  @Test("every file in a group has a readable sidecar", arguments: MalformedFixture.groups)
  func everyFileHasASidecar(group: String) throws {
    let names = try Folder.names(in: Fixture.url("malformed/" + group).path, limits: .standard)
    let sidecars = Set(MalformedFixture.all.filter { $0.group == group }.map { $0.name + ".json" })
    #expect(sidecars.count >= Self.leastPerGroup)
    for name in names { #expect(sidecars.contains(name) || sidecars.contains(name + ".json"), "\(name)") }
  }

  @Test("every format that is recognised but not supported has a fixture")
  func everyFormatIsRefusedByName() {
    let found = MalformedFixture.all.filter { $0.code == .unsupportedFormat }
      .compactMap { fixture in
        #expect(throws: ReadError.self) { _ = try Checkpoint.open(fixture.path) }?.found
      }
    for format in CheckpointFormat.all where !format.isReadable {
      #expect(found.contains { $0.hasPrefix(format.name + " (") }, "\(format)")
    }
  }
}
