import Archives
import Checkpoints
import Foundation
import TestSupport
import Testing

@Suite("ONNX files")
struct ONNXTests {
  private func open(_ fixture: String) throws -> Checkpoint {
    try Checkpoint.open(Fixture.url(fixture).path)
  }

  private func values(_ checkpoint: Checkpoint) throws -> [String: [Float]] {
    try Dictionary(uniqueKeysWithValues: checkpoint.tensors.map { ($0.name, try $0.floats()) })
  }

  @Test("a product's matrix is named after the bias that follows it, and turned back")
  func linear() throws {
    // Fixtures/malformed/cases_onnx.py `SOUND`: the file has 0.5, 1.5, 2.5, 3.5 as [in, out].
    #expect(
      try values(open("corpus/onnx/linear")) == [
        "mlp.c_fc.weight": [0.5, 2.5, 1.5, 3.5], "mlp.c_fc.bias": [0.5, 1.5],
        "visual.proj": [0.5, 1.5, 2.5, 3.5],
      ])
  }

  @Test(
    "an initializer that exporters keep once for equal values stands for each parameter that modules take it as",
    arguments: ["shared", "stated"])
  func shared(seed: String) throws {
    let values = try values(open("corpus/onnx/" + seed))
    #expect(
      Set(values.keys) == [
        "layers.0.norm.weight", "layers.0.norm.bias", "layers.1.norm.weight", "layers.1.norm.bias",
        "layers.0.fc.weight", "layers.0.fc.bias", "layers.1.fc.weight", "layers.1.fc.bias",
      ])
    #expect(values["layers.1.norm.bias"] == values["layers.0.norm.bias"])
    #expect(values["layers.1.fc.weight"] != values["layers.0.fc.weight"])
  }

  @Test("modules named unlike the parameters are not believed: shared values are then an error, not a guess")
  func unconfirmed() throws {
    var bytes = try Fixture.data("corpus/onnx/shared")
    while let range = bytes.range(of: Data("/layers.".utf8)) {
      bytes.replaceSubrange(range, with: Data("/lay.ers".utf8))
    }
    let error = try #require(throws: ReadError.self) { try openBytes(bytes) }
    #expect(error.code == .duplicateTensorName, "\(error)")
  }

  @Test("values outside the file are found beside it, and both files are the checkpoint's")
  func externalData() throws {
    let checkpoint = try open("valid/vit-dynamo-onnx/model.onnx")
    #expect(
      checkpoint.files.map { ($0.path as NSString).lastPathComponent } == ["model.onnx", "model.onnx.data"])
    let matrix = try #require(checkpoint.tensors.first { $0.name == "visual.proj" })
    #expect(matrix.file.hasSuffix(".data"))
    #expect(checkpoint.regions.contains { $0.file == matrix.file && $0.content == .tensor("visual.proj") })
    // What the graph holds as exp(logit_scale) lies nowhere.
    #expect(!checkpoint.regions.contains { $0.content == .tensor("logit_scale") })
  }

  @Test("half a file is an error wherever it ends", arguments: ["linear", "shared", "stated", "quantized"])
  func everyLength(seed: String) throws {
    let original = try Fixture.data("corpus/onnx/" + seed)
    for count in 3..<original.count {
      #expect(throws: ReadError.self, "\(count) bytes") { try openBytes(original.prefix(count)) }
    }
  }

  private func openBytes(_ bytes: Data) throws -> Checkpoint {
    let bytes = [UInt8](bytes)
    return try Checkpoint.open(
      MappedFile(copying: bytes.span.bytes, path: "/nonexistent/model.onnx"), as: .onnx)
  }
}
