import BundleFormat
import Foundation
import TestSupport
import Testing

/// Every rule of docs/BUNDLE.md has one file that breaks it and nothing else, and the reader says which and where.
@Suite("Malformed bundles") struct MalformedBundlesTests {
  struct Sidecar: Decodable, Sendable {
    var rule: String
    var offset: Int?
    var how: String
  }

  static let folder = Fixture.url("malformed/bundle")

  static let sidecars: [Sidecar] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(".json") }.sorted().compactMap { name in
      try? Fixture.decoded("malformed/bundle/\(name)", as: Sidecar.self)
    }
  }()

  /// B-031's is made by BundleWriterTests.
  @Test("The broken rule is named with its offset", arguments: sidecars.filter { $0.offset != nil })
  func theBrokenRuleIsNamedWithItsOffset(_ sidecar: Sidecar) throws {
    let file = Self.folder.appendingPathComponent("\(sidecar.rule).pclip")
    let bytes = Array(try Data(contentsOf: file))
    let fault = #expect(throws: BundleFault.self) {
      let header = try BundleHeader(file: bytes.span.bytes)
      // Structural rules are enforced at open; only these may wait.
      #expect(sidecar.rule >= "B-040", "opened although \(sidecar.how)")
      try header.checkContent(of: bytes.span.bytes)
    }
    #expect(fault?.rule.identifier == sidecar.rule, "\(sidecar.how)")
    #expect(fault?.byteOffset == sidecar.offset, "\(sidecar.how)")
  }

  @Test("Code, page and fixtures have the same rules")
  func rulesInCodePageAndFixturesAreTheSame() throws {
    let page = try Repository.text("docs/BUNDLE.md")
    let rows = page.split(separator: "\n").filter { $0.hasPrefix("| B-") }
    let onPage = rows.map { String($0.split(separator: " ")[1]) }
    #expect(onPage == BundleRule.allCases.map(\.identifier))
    #expect(Self.sidecars.map(\.rule) == onPage)
    for (row, rule) in zip(rows, BundleRule.allCases) {
      #expect(row.contains(rule.identifier == "B-031" ? "`B-031.json`" : "`\(rule.identifier).pclip`"))
      #expect(row.contains("| content |") == (rule.rawValue >= 40))
    }
  }

  @Test("Every valid bundle passes every check")
  func everyValidBundleIsSound() throws {
    let folder = Fixture.url("valid/bundle")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
      $0.hasSuffix(".pclip")
    }
    #expect(names.count >= 9)
    for name in names {
      let bytes = Array(try Data(contentsOf: folder.appendingPathComponent(name)))
      let header = try BundleHeader(file: bytes.span.bytes)
      try header.checkContent(of: bytes.span.bytes)
    }
  }

  /// No prefix of a sound bundle is one, and no reading of it goes astray.
  @Test("Every truncation is refused")
  func everyTruncationIsRefused() throws {
    let bytes = try Fixture.bytes("valid/bundle/least-int8.pclip")
    for count in stride(from: 0, to: bytes.count, by: 7) {
      // A copy of its own, so that a read beyond the end is outside any allocation.
      let prefix = Array(bytes[..<count])
      #expect(throws: BundleFault.self) { try BundleHeader(file: prefix.span.bytes) }
    }
  }

  /// A flipped bit is found by one rule or another, wherever it is.
  @Test("Every flipped byte is found")
  func everyFlippedByteIsFound() throws {
    var bytes = try Fixture.bytes("valid/bundle/least-int8.pclip")
    // Text fields may say anything: a change there makes another bundle, with another bundle id.
    let original = try BundleHeader(file: bytes.span.bytes).bundleID
    for index in stride(from: 0, to: bytes.count, by: 5) {
      bytes[index] ^= 0x04
      defer { bytes[index] ^= 0x04 }
      do throws(BundleFault) {
        let header = try BundleHeader(file: bytes.span.bytes)
        try header.checkContent(of: bytes.span.bytes)
        #expect(header.bundleID != original, "byte \(index)")
      } catch { continue }
    }
  }
}
