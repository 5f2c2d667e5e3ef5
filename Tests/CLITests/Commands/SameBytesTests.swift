import Foundation
import Quantization
import TestSupport
import Testing

/// The parts of a bundle: what identifies the model, and what states its origin.
private struct BundleParts {
  /// Everything except `provenance.*`.
  var metadata: [String: String]
  var tensors: Data

  init(contentsOf path: String) throws {
    let parts = try SafetensorsParts(Data(contentsOf: URL(filePath: path)))
    metadata = parts.metadata.filter { !$0.key.hasPrefix("provenance.") }
    tensors = parts.tensors
  }
}

@Suite("Equal bytes from all sources") struct SameBytesTests {
  /// One set of weights as the original libraries save it.
  static let sources = [
    "vit-torchscript-1.7.pt", "vit-torchscript-2.13.pt", "vit-state-dict-1.7.pt", "vit-state-dict-2.13.pt",
    "vit-strided.pt", "vit-mixed-dtypes.pt", "vit-training.pt", "vit.safetensors",
    "vit-sharded", "vit-hugging-face", "vit-hugging-face-4.20.1-sharded",
    "vit-open-clip", "vit-legacy-1.7.pt", "vit-tar.pt", "vit-flax", "vit-tensorflow", "vit-keras-hub",
    "vit-mlx",
    "vit-mixed.npz",
    "vit-hugging-face-onnx",
  ]

  @Test(
    "The same weights in any format give the same bytes, except for provenance",
    arguments: ["fp32", "fp16", "int8"])
  func anyFormat(_ precision: String) throws {
    let folder = try TemporaryFolder()
    var first: BundleParts?
    for source in Self.sources {
      let output = folder.file("\(source).pclip")
      let outcome = try Tool.run(
        "convert", Tool.fixture("valid/\(source)"), "-o", output, "--precision", precision, "--activation",
        "quickgelu", "--heads", "1", "--pooling", "highest", "--preprocess", "openai", "--tokenizer", "none",
        "--no-measure")
      #expect(outcome.status == 0, "\(source): \(outcome.error)")
      let parts = try BundleParts(contentsOf: output)
      let expected = first ?? parts
      first = expected
      #expect(parts.metadata == expected.metadata, "\(source)")
      #expect(parts.tensors == expected.tensors, "\(source)")
    }
  }

  @Test("The choice of kernels does not change a byte", arguments: InstructionSets.here)
  func anyInstructionSet(_ name: String) throws {
    let folder = try TemporaryFolder()
    let mini = Tool.fixture("minis/mini-rn.pt")
    #expect(try Tool.run("convert", mini, "-o", folder.file("a"), "--precision", "int8").status == 0)
    let forced = try Tool.run(
      "convert", mini, "-o", folder.file("b"), "--precision", "int8", environment: ["PCLIP_ISA": name])
    #expect(forced.status == 0, "\(forced.error)")
    let bytes = try Data(contentsOf: URL(filePath: folder.file("a")))
    #expect(bytes == (try Data(contentsOf: URL(filePath: folder.file("b")))))
  }

  /// Kernel sets that this processor cannot run would end the process, so only those of every x86 processor are named.
  @Test(
    "Calibrated roundings and chosen forms have the same bytes with every kernel, thread count and kernel set of OpenBLAS",
    arguments: ["minis/mini-vit.pt", "minis/mini-rn.pt"], ["calibrated", "mixed"])
  func anyMachine(_ fixture: String, _ effort: String) throws {
    let folder = try TemporaryFolder()
    var environments = InstructionSets.here.map { ["PCLIP_ISA": $0] }
    environments += [["PCLIP_THREADS": "1"], ["PCLIP_THREADS": "5"]]
    #if arch(x86_64)
      environments += [["OPENBLAS_CORETYPE": "Prescott"], ["OPENBLAS_CORETYPE": "Nehalem"]]
    #endif
    // With a bound that int8 alone does not meet, `mixed` measures sensitivities and chooses forms.
    let bound = effort == "mixed" ? "0.99999" : "0.99"
    var expected: Data?
    for environment in environments {
      let outcome = try Tool.run(
        "convert", Tool.fixture(fixture), "-o", folder.file("b"), "--precision", "int8", "--effort",
        effort, "--min-cosine", bound, "--force", environment: environment)
      #expect(outcome.status == 0, "\(environment): \(outcome.error)")
      let bytes = try Data(contentsOf: URL(filePath: folder.file("b")))
      #expect(bytes == expected ?? bytes, "\(environment)")
      expected = bytes
    }
  }
}
