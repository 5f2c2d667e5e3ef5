import BundleFormat
import Foundation
import TestSupport
import Testing

/// For every rule of docs/BUNDLE.md there is one file that breaks only this rule. The reader must report the rule and
/// the offset.
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

  /// BundleWriterTests generates the file for B-031.
  @Test("The error has the broken rule and its offset", arguments: sidecars.filter { $0.offset != nil })
  func theBrokenRuleIsNamedWithItsOffset(_ sidecar: Sidecar) throws {
    let file = Self.folder.appendingPathComponent("\(sidecar.rule).pclip")
    let bytes = Array(try Data(contentsOf: file))
    let fault = #expect(throws: BundleFault.self) {
      let header = try BundleHeader(file: bytes.span.bytes)
      // Structural rules are enforced on opening; only these rules are checked later.
      #expect(sidecar.rule >= "B-040", "opened although \(sidecar.how)")
      try header.checkContent(of: bytes.span.bytes)
    }
    #expect(fault?.rule.identifier == sidecar.rule, "\(sidecar.how)")
    #expect(fault?.byteOffset == sidecar.offset, "\(sidecar.how)")
  }

  @Test("Code, page and fixtures contain the same rules")
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

  /// No prefix of a valid bundle is valid, and reading it never leaves its bytes.
  @Test("Every truncated bundle is an error")
  func everyTruncationIsRefused() throws {
    let bytes = try Fixture.bytes("valid/bundle/least-int8.pclip")
    for count in stride(from: 0, to: bytes.count, by: 7) {
      // A separate allocation, so that a read beyond the end is detected.
      let prefix = Array(bytes[..<count])
      #expect(throws: BundleFault.self) { try BundleHeader(file: prefix.span.bytes) }
    }
  }

  /// Some rule detects a flipped bit at any position.
  @Test("Every flipped byte is detected")
  func everyFlippedByteIsFound() throws {
    var bytes = try Fixture.bytes("valid/bundle/least-int8.pclip")
    // Text fields can hold any text: a change there gives a valid bundle with another bundle id.
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
