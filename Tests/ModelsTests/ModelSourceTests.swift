import BundleFormat
import Foundation
import Models
import TestSupport
import Testing

/// What a bundle records about its source file.
@Suite("Sources of models") struct ModelSourceTests {
  private func miniResNet() throws -> CLIPModel { try CLIPModel.open(Fixture.url("minis/mini-rn.pt").path) }

  @Test("The SHA-256 of a source equals sha256sum's, and its own checksums match")
  func digest() throws {
    let source = try miniResNet().source
    let digest = try #require(try source.sha256())
    #expect(
      String(decoding: digest.hex, as: UTF8.self)
        == "598d88c5cae47147dda693304abe52f43417d1a92461d647b1552d9a1d7214c0")
    #expect(throws: Never.self) { try source.checkChecksums() }
  }
}
