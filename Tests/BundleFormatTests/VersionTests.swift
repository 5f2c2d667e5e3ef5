import Architecture
import BundleFormat
import Testing

/// A version 2 that only exists in this test: it states how pixels are dithered, which version 1 does not.
private struct LaterPreprocessing: Equatable {
  enum Dither: UInt8, CaseIterable, FieldChoice {
    case none, ordered

    var fieldValue: StaticString {
      switch self {
      case .none: "none"
      case .ordered: "ordered"
      }
    }
  }

  var crop = Preprocessing.CropRounding.halfToEven
  var dither = Dither.none
  var seed: Int?

  mutating func visitHeaderFields<Codec: FieldCodec>(_ codec: inout Codec) throws(BundleFault) {
    try codec.version("pclip.version")
    try codec.choice("preprocess.crop", &crop)
    try codec.choice("preprocess.dither", &dither, since: 2, implied: .none)
    try codec.optional("preprocess.seed", &seed, 0...9, since: 2, implied: nil)
  }

  func visitIdentityFields(_ lines: inout IdentityLines) {
    lines.choice("preprocess.crop", crop)
    lines.choice("preprocess.dither", dither, unless: .none)
    lines.optional("preprocess.seed", seed, unless: nil)
  }

  func written(version: Int) throws -> String {
    var encoder = FieldEncoder(formatVersion: version)
    var copy = self
    try copy.visitHeaderFields(&encoder)
    return String(decoding: encoder.bytes, as: UTF8.self)
  }

  static func read(_ fields: String, latestVersion: Int) throws -> LaterPreprocessing {
    var decoder = HeaderDecoder(fields: Array(fields.utf8), latestVersion: latestVersion)
    var read = LaterPreprocessing(crop: .down, dither: .ordered, seed: 9)
    try read.visitHeaderFields(&decoder)
    return read
  }

  var id: Digest {
    var lines = IdentityLines()
    visitIdentityFields(&lines)
    return lines.finish()
  }
}

@Suite("Versions of the format") struct VersionTests {
  private static let first = #""pclip.version":"1","preprocess.crop":"half_to_even""#

  @Test("A reader of version 2 opens version 1: later fields have their implied value")
  func earlierVersion() throws {
    let read = try LaterPreprocessing.read(Self.first, latestVersion: 2)
    #expect(read == LaterPreprocessing(crop: .halfToEven, dither: .none, seed: nil))
  }

  @Test("A reader of version 1 reports version 2 as newer than its own")
  func laterVersion() throws {
    let later = try LaterPreprocessing().written(version: 2)
    let fault = #expect(throws: BundleFault.self) { try LaterPreprocessing.read(later, latestVersion: 1) }
    #expect(fault?.rule == .versionKnown)
  }

  @Test("Version 0 is an error, because it never existed", arguments: ["0", "18446744073709551615"])
  func noVersion(_ version: String) {
    let fields = Self.first.replacing("\"1\"", with: "\"\(version)\"")
    #expect(throws: BundleFault.self) { try LaterPreprocessing.read(fields, latestVersion: 2) }
  }

  @Test("Version 2 states every field, for any value")
  func completeList() throws {
    let plain = LaterPreprocessing()
    #expect(
      try plain.written(version: 2)
        == #""pclip.version":"2","preprocess.crop":"half_to_even","preprocess.dither":"none","preprocess.seed":"none""#
    )
    let fault = #expect(throws: BundleFault.self) {
      try LaterPreprocessing.read(Self.first.replacing("\"1\"", with: "\"2\""), latestVersion: 2)
    }
    #expect(fault?.rule == .fieldExpected)
  }

  @Test("Version 2 survives a round trip", arguments: [nil, 7])
  func roundTrip(seed: Int?) throws {
    let ordered = LaterPreprocessing(crop: .down, dither: .ordered, seed: seed)
    #expect(try LaterPreprocessing.read(ordered.written(version: 2), latestVersion: 2) == ordered)
  }

  @Test("Version 1 cannot state a later field: writing it is an error")
  func statedTooEarly() throws {
    #expect(try LaterPreprocessing().written(version: 1) == Self.first)
    let fault = #expect(throws: BundleFault.self) {
      try LaterPreprocessing(dither: .ordered).written(version: 1)
    }
    #expect(fault?.rule == .fieldsConsistent)
  }

  @Test("An id equals version 1's if a later field has its implied value, and differs otherwise")
  func ids() {
    var lines = IdentityLines()
    lines.choice("preprocess.crop", Preprocessing.CropRounding.halfToEven)
    let frozen = lines.finish()
    #expect(LaterPreprocessing().id == frozen)
    #expect(LaterPreprocessing(dither: .ordered).id != frozen)
    #expect(LaterPreprocessing(seed: 0).id != frozen)
  }
}
