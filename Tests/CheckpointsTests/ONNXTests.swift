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

  /// Fixtures/malformed/cases_onnx.py `TOWER`: a complete text tower with meaningless names.
  @Test("a weight's name follows from its use in the graph")
  func roles() throws {
    let tower = try values(open("corpus/onnx/tower"))
    #expect(tower["token_embedding.weight"]?.count == 20 && tower["positional_embedding"]?.count == 12)
    #expect(
      tower["text_projection"]?.count == 8 && tower["transformer.resblocks.0.mlp.c_fc.bias"]?.count == 6)
    #expect(tower.count == 2 + 12 + 2 + 1)
    let graph = try #require(try open("corpus/onnx/tower").evidence.graph)
    #expect(graph.text.activation == .quickGELU && graph.text.epsilon == 0x1p-17)
    #expect(graph.text.heads == 2 && graph.text.pooling == .highestID)
    #expect(graph.image == GraphFacts().image)
  }

  @Test("integers become the floats that their scales and zero points determine")
  func integers() throws {
    let tower = try values(open("corpus/onnx/quantized"))
    // [in, out] 1…24 times scales 1…6 of the outputs, transposed to [out, in].
    #expect(tower["transformer.resblocks.0.mlp.c_fc.weight"]?.prefix(8) == [1, 7, 13, 19, 4, 16, 28, 40])
  }

  @Test("names of nodes, values and initializers do not matter")
  func renamed() throws {
    let original = try Fixture.data("valid/vit-traced.onnx")
    var bytes = original
    for (name, other) in [("visual", "v.s.al"), ("resblocks", "modules_x"), ("ln_", "nl_"), ("mlp", "xyz")] {
      while let range = bytes.range(of: Data(name.utf8)) {
        bytes.replaceSubrange(range, with: Data(other.utf8))
      }
    }
    #expect(bytes != original)
    #expect(try values(openBytes(bytes)) == values(openBytes(original)))
  }

  @Test("values in an external file are found next to the graph, and both files belong to the checkpoint")
  func externalData() throws {
    let checkpoint = try open("valid/vit-dynamo-onnx/model.onnx")
    #expect(
      checkpoint.files.map { ($0.path as NSString).lastPathComponent } == ["model.onnx", "model.onnx.data"])
    let matrix = try #require(checkpoint.tensors.first { $0.name == "visual.proj" })
    #expect(matrix.file.hasSuffix(".data"))
    #expect(checkpoint.regions.contains { $0.file == matrix.file && $0.content == .tensor("visual.proj") })
    // The graph stores exp(logit_scale), so logit_scale has no range in the file.
    #expect(!checkpoint.regions.contains { $0.content == .tensor("logit_scale") })
  }

  @Test("a truncated file is an error at any length", arguments: ["tower", "quantized"])
  func everyLength(seed: String) throws {
    let original = try Fixture.data("corpus/onnx/" + seed)
    for count in 3..<original.count {
      #expect(throws: ReadError.self, "\(count) bytes") { try openBytes(original.prefix(count)) }
    }
  }

  private func openBytes(_ bytes: Data) throws -> Checkpoint {
    let bytes = [UInt8](bytes)
    return try Checkpoint.open(
      MappedFile(copying: bytes.span.bytes, path: "/nonexistent/model.onnx"),
      taking: Selection(format: .onnx))
  }
}
