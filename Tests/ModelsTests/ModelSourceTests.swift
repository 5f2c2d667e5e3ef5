import BundleFormat
import Foundation
import Models
import TestSupport
import Testing

/// What a bundle records of the file it was made from.
@Suite struct ModelSourceTests {
  private func miniResNet() throws -> CLIPModel { try CLIPModel.open(Fixture.url("minis/mini-rn.pt").path) }

  @Test("The SHA-256 of a source is what sha256sum prints, and its own checksums hold")
  func digest() throws {
    let source = try miniResNet().source
    let digest = try #require(try source.sha256())
    #expect(
      String(decoding: digest.hex, as: UTF8.self)
        == "e0016350bbd42185c8d70150258da5c51cfc554bed1fb8ad2b05817d9c1e99e1")
    #expect(throws: Never.self) { try source.checkChecksums() }
  }
}
