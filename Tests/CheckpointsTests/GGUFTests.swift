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

  @Test("of a long list of words their number is kept, and that they are these words and no others")
  func words() throws {
    let evidence = try open("valid/vit-clip-cpp-f16.gguf").evidence
    #expect(evidence.ggufMetadata?.json["tokenizer.ggml.tokens"]?["count"]?.integerValue == 128)
    let words = try #require(evidence.ggufWords)
    // The words that the fixture's script writes.
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

  @Test("a dequantized tensor can be read in parts, given back and read again")
  func parts() throws {
    let tensor = try #require(try types().given.tensors.first { $0.name == "Q6_K" })
    let all = try tensor.floats()
    tensor.releasePages()
    var part = [Float](repeating: .nan, count: 300)
    var span = part.mutableSpan
    try tensor.readFloats(into: &span, from: 100)
    #expect(part == Array(all[100..<400]))
  }

  @Test("each quantized type is told in a note, with how many tensors have it")
  func notes() throws {
    for name in ["Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "Q8_K"] {
      #expect(try types().given.notes.contains { $0.hasPrefix("1 tensors are dequantized from \(name):") })
    }
    let whole = try open(Self.quantized + "vit-q4_0.gguf").notes
    #expect(whole.contains { $0.hasPrefix("15 tensors are dequantized from Q4_0:") }, "\(whole)")
  }

  @Test("keyed values are evidence in the order of the file; of a vocabulary only the size is kept")
  func metadata() throws {
    let metadata = try #require(try open("valid/vit-clip-cpp-f16.gguf").evidence.ggufMetadata).json
    #expect(metadata["general.architecture"]?.stringValue == "clip")
    #expect(metadata["clip.use_gelu"]?.boolValue == false)
    #expect(metadata["clip.text.attention.head_count"]?.integerValue == 1)
    #expect(metadata["clip.vision.image_mean"]?.arrayValue?.count == 3)
    #expect(metadata["tokenizer.ggml.tokens"]?["count"]?.integerValue == 128)
    #expect(metadata.objectValue?.members.first?.key == "general.architecture")
  }

  @Test("an encoder cut for a language model is refused with what is missing, and its projector is named")
  func cutEncoder() throws {
    let error = try #require(throws: ReadError.self) {
      try open("malformed/gguf/cut-for-a-language-model.gguf")
    }
    #expect(error.description.contains("visual_projection.weight"), "\(error)")
    #expect(error.description.contains("23 blocks") && error.description.contains("mlp"), "\(error)")
    #expect(error.category == .unsupported)
  }

  @Test("the projector of a whole encoder is passed over, and a note says whom the file was made for")
  func projector() throws {
    let checkpoint = try open("valid/vit-mmproj.gguf")
    let entry = try #require(checkpoint.ignored.first)
    #expect(entry.name == "mm" && entry.tensorCount == 4 && entry.reason == .languageModelProjector)
    #expect(checkpoint.notes.contains { $0.contains("language model") && $0.contains("projector mlp") })
  }
}
