import Architecture
import Checkpoints
import Foundation
import Models
import TestSupport
import Testing
import Verification

/// MetaCLIP 2, on a small model that transformers wrote (`Fixtures/metaclip2/make_metaclip2.py`).
@Suite("MetaCLIP 2") struct MetaCLIP2Tests {
  @Test("transformers' configuration states every setting: the end of text 2 is the pooled id")
  func settings() throws {
    let inspection = try ModelInspection(Checkpoint.open(Fixture.url("metaclip2/hugging-face").path))
    #expect(inspection.problems.isEmpty, "\(inspection.problems)")
    let text = try #require(inspection.architecture.text)
    #expect(text.pooling == .firstID(2) && text.isCausal && text.stack.activation == .gelu)
    #expect(inspection.preprocessing?.resize == .squash && inspection.tokenizer == .none)
    #expect(inspection.decisions.first { $0.field == "text.pooling" }?.source == .configuration)
  }

  @Test("MetaCLIP's own file does not record the pooling; with the right options it is the same model")
  func ownFile() throws {
    let checkpoint = try Checkpoint.open(Fixture.url("metaclip2/worldwide.pt").path)
    #expect(try ModelInspection(checkpoint).problems.contains { $0.code == .undecidedPooling })
    var options = ModelOptions()
    options.activation = PerTower(both: .gelu)
    options.heads = PerTower(both: 2)
    options.pooling = .firstID(2)
    options.preprocessing = .openAI
    let golden = try GoldenFile(path: Fixture.url("metaclip2/hugging-face.safetensors").path)
    let report = try Verifier.compare(
      CLIPModel(checkpoint, options: options), with: golden, reference: .underTest)
    #expect(report.verdict == .pass, "\(report.rendered)")
    options.pooling = .highestID
    let other = try Verifier.compare(
      CLIPModel(checkpoint, options: options), with: golden, reference: .underTest)
    #expect(other.verdict == .fail)
  }
}
