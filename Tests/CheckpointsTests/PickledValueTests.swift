import Archives
import Checkpoints
import Foundation
import TestSupport
import Testing

/// `Fixtures/archives/values`: values that scripts save next to the weights (make_values.py).
@Suite("Values next to the weights of a PyTorch file")
struct PickledValueTests {
  private static let folder = "archives/values"

  private static let harmless: [String] = {
    let names = (try? Folder.names(in: Fixture.url(folder).path, limits: .standard)) ?? []
    return names.filter { !$0.hasPrefix("named-") && !$0.hasPrefix("refused-") || $0 == "named-tuple.pt" }
  }()

  private func open(_ name: String) throws(ReadError) -> Checkpoint {
    try Checkpoint.open(Fixture.url("\(Self.folder)/\(name)").path)
  }

  @Test("are ignored, for any class, and the weights are read", arguments: harmless)
  func passedOver(name: String) throws {
    let checkpoint = try open(name)
    #expect(checkpoint.tensors.map(\.name) == ["visual.proj", "logit_scale"])
    #expect(try checkpoint.tensors[0].floats() == [0, 1, 2, 3, 4, 5])
    #expect(checkpoint.ignored.isEmpty && checkpoint.notes.isEmpty, "\(checkpoint.notes)")
  }

  @Test("cover many kinds")
  func manyKinds() { #expect(Self.harmless.count >= 38) }

  @Test(
    "that hold tensors are reported, with the class and the number of tensors",
    arguments: [
      ("named-average", "ema", "__main__.Average: 2 tensors, 28 bytes"),
      ("named-module", "hyper_parameters", "__main__.Tower: 1 tensor, 24 bytes"),
      ("named-dictionary-class", "best", "__main__.Named: 1 tensor, 24 bytes"),
    ])
  func named(file: String, key: String, text: String) throws {
    let checkpoint = try open(file + ".pt")
    #expect(checkpoint.tensors.count == 2)
    #expect(checkpoint.ignored.map(\.name) == [key] && checkpoint.ignored.map(\.reason) == [.opaqueObject])
    let className = text.split(separator: ":")[0]
    let amount = text.split(separator: ":")[1]
    #expect(
      checkpoint.notes == ["ignored \(key): in an object of class \(className), which is not read:\(amount)"])
  }

  @Test(
    "that hold tensors are reported under numeric keys and on every level around the state dict",
    arguments: [
      ("named-by-a-number", ["5"]), ("named-on-other-levels", ["outer.other", "outer.5", "7"]),
    ])
  func listed(file: String, names: [String]) throws {
    let checkpoint = try open(file + ".pt")
    #expect(checkpoint.tensors.map(\.name) == ["visual.proj", "logit_scale"])
    #expect(checkpoint.ignored.map(\.name) == names)
    #expect(checkpoint.ignored.allSatisfy { $0.tensorCount == 1 && $0.byteCount == 24 })
  }

  @Test(
    "instead of a state dict are errors that describe them",
    arguments: [
      ("refused-module", ReadError.Code.wholeModulePickle, "class __main__.Tower"),
      ("refused-module-legacy", .wholeModulePickle, "class __main__.Tower"),
      ("refused-module-in-a-dictionary", .wholeModulePickle, "class __main__.Tower"),
      ("refused-dictionary-class", .wholeModulePickle, "class __main__.Named"),
      ("refused-subclass", .unsupportedTensorKind, "tensor subclass __main__.Packed"),
      ("refused-arrays", .numPyStateDict, "array visual.proj"),
      ("refused-arrays-below", .numPyStateDict, "array visual.proj"),
      ("refused-options", .noStateDict, "no dictionary of tensors"),
    ])
  func refused(file: String, code: ReadError.Code, found: String) throws {
    let error = try #require(throws: ReadError.self) { _ = try open(file + ".pt") }
    #expect(error.code == code && error.found == found, "\(error)")
  }
}
