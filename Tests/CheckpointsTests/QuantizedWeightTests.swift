import Archives
import Checkpoints
import Foundation
import TestSupport
import Testing

/// `Fixtures/quantized`, written by the libraries themselves (make_quantized.py).
@Suite("Weights of eight bits and fewer")
struct QuantizedWeightTests {
  private func open(_ name: String) throws -> Checkpoint {
    try Checkpoint.open(Fixture.url("quantized/" + name).path)
  }

  /// Equal values, and NaN if the library has NaN.
  private func expectSame(_ name: String, _ ending: String) throws {
    let checkpoint = try open(name + ending)
    let expected = try open(name + ".expected.safetensors")
    let values = Dictionary(uniqueKeysWithValues: try expected.tensors.map { ($0.name, try $0.floats()) })
    #expect(checkpoint.tensors.count == expected.tensors.count)
    for tensor in checkpoint.tensors {
      let read = try tensor.floats()
      let truth = try #require(values[tensor.name])
      #expect(read.count == truth.count)
      let differ = zip(read, truth).filter { !($0 == $1 || $0.isNaN && $1.isNaN) }
      #expect(differ.isEmpty, "\(tensor.name)")
      tensor.releasePages()
      #expect(try tensor.floats().map(\.isNaN) == truth.map(\.isNaN))
    }
  }

  @Test(
    "every value of each FP8 type is PyTorch's", arguments: ["e4m3fn", "e5m2", "e4m3fnuz", "e5m2fnuz"],
    [".safetensors", ".pt"])
  func float8(type: String, ending: String) throws {
    try expectSame("float8-\(type)", ending)
    let stored = try open("float8-\(type)\(ending)").tensors.first { $0.name == "visual.proj" }?.storedType
    #expect(stored?.hasPrefix("F8_E") == true)
  }

  @Test("bitsandbytes' int8 is dequantized like bitsandbytes", arguments: [".safetensors", ".pt"])
  func int8(ending: String) throws {
    try expectSame("bitsandbytes-int8", ending)
    let checkpoint = try open("bitsandbytes-int8" + ending)
    #expect(
      checkpoint.notes.contains(
        "1 weight dequantized from bitsandbytes int8: the original precision is not restored"),
      "\(checkpoint.notes)")
  }

  @Test(
    "other schemes are reported, with what to supply instead",
    arguments: [
      ("bitsandbytes-nf4.safetensors", "bitsandbytes NF4", "dequantize it first"),
      ("bitsandbytes-fp4.safetensors", "bitsandbytes FP4", "dequantize it first"),
      ("gptq.safetensors", "GPTQ", "give the model"), ("awq.safetensors", "AWQ or GPTQ", "give the model"),
      ("mlx.safetensors", "MLX's affine quantization", "give the model"),
      ("compressed-tensors.safetensors", "compressed-tensors", "give the model"),
      ("quanto.safetensors", "optimum-quanto", "give the model"),
      ("float8-scaled.safetensors", "FP8 with a scale beside each weight", "give the model"),
      ("float8-comfy.safetensors", "FP8 with a scale beside each weight", "give the model"),
      ("sparse.pt", "sparse tensor", "save tensor.to_dense()"),
      ("sparse-rows.pt", "sparse tensor", "save tensor.to_dense()"),
      ("sparse-legacy.pt", "sparse tensor", "save tensor.to_dense()"),
      ("quantized.pt", "quantized tensor", "save tensor.dequantize()"),
      ("quantized-legacy.pt", "quantized tensor", "save tensor.dequantize()"),
      ("quantized-channels.pt", "quantized tensor", "save tensor.dequantize()"),
      ("nested.pt", "nested tensor", "save torch.nested"),
      ("meta.pt", "tensor without data", "load the weights before saving"),
    ])
  func named(file: String, found: String, remedy: String) throws {
    let error = try #require(throws: ReadError.self) { _ = try open(file) }
    #expect(error.code == .unsupportedTensorKind && error.found == found, "\(error)")
    #expect(error.hint.hasPrefix(remedy) && !error.path.isEmpty, "\(error.line)")
  }
}
