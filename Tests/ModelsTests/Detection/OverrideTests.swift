import Architecture
import Checkpoints
import Foundation
import Models
import TestSupport
import Testing

@Suite("Options that contradict the checkpoint") struct OverrideTests {
  private func notes(_ options: ModelOptions) throws -> [String] {
    let checkpoint = try Checkpoint.open(Fixture.url("minis/mini-vit.pt").path)
    return try CLIPModel(checkpoint, options: options).notes.filter { $0.contains("overrides") }
  }

  @Test("An option that the checkpoint contradicts wins, and a note names both values and both sources")
  func contradicted() throws {
    var options = ModelOptions()
    options.activation.image = .gelu
    let notes = try notes(options)
    #expect(notes.count == 1)
    #expect(notes.first?.contains("image.activation is gelu, not quickgelu (TorchScript") == true, "\(notes)")
  }

  @Test("An option that agrees, and no option, have no note")
  func agreeing() throws {
    var options = ModelOptions()
    options.activation.image = .quickGELU
    #expect(try notes(options).isEmpty)
    #expect(try notes(ModelOptions()).isEmpty)
  }
}
