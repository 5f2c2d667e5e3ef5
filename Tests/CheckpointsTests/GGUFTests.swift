import Archives
import Checkpoints
import Foundation
import TensorTypes
import TestSupport
import Testing

@Suite("GGUF files written by llama.cpp's gguf-py")
struct GGUFTests {
  private static let quantized = "valid/quantized/"

  private func open(_ fixture: String) throws -> Checkpoint {
    try Checkpoint.open(Fixture.url(fixture).path)
  }

  private func types() throws -> (given: Checkpoint, expected: Checkpoint) {
    (try open(Self.quantized + "types.gguf"), try open(Self.quantized + "types.expected.safetensors"))
  }

  @Test("for a long list of words, the count is kept, and whether they equal given words")
  func words() throws {
    let evidence = try open("valid/vit-clip-cpp-f16.gguf").evidence
    #expect(evidence.ggufMetadata?.json["tokenizer.ggml.tokens"]?["count"]?.integerValue == 128)
    let words = try #require(evidence.ggufWords)
    // The words from the fixture's script.
    let written = (0..<128).map { "token\($0)" }
    #expect(words.equal(written))
    #expect(!words.equal(written.dropLast()) && !words.equal(written + ["token128"]))
    #expect(!words.equal(written.dropLast() + ["token128"]))
  }

  @Test("tensors of every type have the values of gguf-py's dequantize, bit for bit")
  func everyType() throws {
    let (given, expected) = try types()
    #expect(given.tensors.count == 12)
    #expect(Set(given.tensors.map(\.name)) == Set(expected.tensors.map(\.name)))
    for tensor in given.tensors {
      let truth = try #require(expected.tensors.first { $0.name == tensor.name })
      #expect(tensor.shape == truth.shape, "\(tensor.name)")
      let (values, wanted) = (try tensor.floats(), try truth.floats())
      #expect(values.map(\.bitPattern) == wanted.map(\.bitPattern), "\(tensor.name)")
    }
  }

  @Test("a dequantized tensor can be read in parts, released and read again")
  func parts() throws {
    let tensor = try #require(try types().given.tensors.first { $0.name == "Q6_K" })
    let all = try tensor.floats()
    tensor.releasePages()
    var part = [Float](repeating: .nan, count: 300)
    var span = part.mutableSpan
    try tensor.readFloats(into: &span, from: 100)
    #expect(part == Array(all[100..<400]))
  }

  @Test("a note lists each quantized type with its number of tensors")
  func notes() throws {
    for name in ["Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "Q8_K"] {
      #expect(try types().given.notes.contains { $0.hasPrefix("1 tensors are dequantized from \(name):") })
    }
    let whole = try open(Self.quantized + "vit-q4_0.gguf").notes
    #expect(whole.contains { $0.hasPrefix("15 tensors are dequantized from Q4_0:") }, "\(whole)")
  }

  @Test("keyed values are evidence in file order; for a vocabulary only the size is kept")
  func metadata() throws {
    let metadata = try #require(try open("valid/vit-clip-cpp-f16.gguf").evidence.ggufMetadata).json
    #expect(metadata["general.architecture"]?.stringValue == "clip")
    #expect(metadata["clip.use_gelu"]?.boolValue == false)
    #expect(metadata["clip.text.attention.head_count"]?.integerValue == 1)
    #expect(metadata["clip.vision.image_mean"]?.arrayValue?.count == 3)
    #expect(metadata["tokenizer.ggml.tokens"]?["count"]?.integerValue == 128)
    #expect(metadata.objectValue?.members.first?.key == "general.architecture")
  }

  @Test(
    "an encoder truncated for a language model is an error that lists what is missing and names the projector"
  )
  func cutEncoder() throws {
    let error = try #require(throws: ReadError.self) {
      try open("malformed/gguf/cut-for-a-language-model.gguf")
    }
    #expect(error.description.contains("visual_projection.weight"), "\(error)")
    #expect(error.description.contains("23 blocks") && error.description.contains("mlp"), "\(error)")
    #expect(error.category == .unsupported)
  }

  @Test("the projector of a complete encoder is ignored, and a note says what the file is made for")
  func projector() throws {
    let checkpoint = try open("valid/vit-mmproj.gguf")
    let entry = try #require(checkpoint.ignored.first)
    #expect(entry.name == "mm" && entry.tensorCount == 4 && entry.reason == .languageModelProjector)
    #expect(checkpoint.notes.contains { $0.contains("language model") && $0.contains("projector mlp") })
  }
}
