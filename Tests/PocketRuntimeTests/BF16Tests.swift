import CPocketCLIP
import Foundation
import Testing

@Suite("BF16 arithmetic") struct BF16Tests {
  /// Rounding to eight bits in every product of a few layers; the vectors of the tiny bundles have 24 values.
  private static let leastCosine = 0.999

  @Test(
    "Opens if the processor multiplies BF16, otherwise an error says so", arguments: families)
  func availability(family: String) throws {
    let flags = try String(contentsOf: URL(fileURLWithPath: "/proc/cpuinfo"), encoding: .utf8)
    let configuration = Configuration(bundle: "\(family)-fp16", arithmetic: PCLIP_ARITHMETIC_BF16)
    if flags.contains("avx512_bf16") {
      #expect(try Int(OpenedBundle(configuration).info.arithmetic) == PCLIP_ARITHMETIC_BF16)
    } else {
      expectRefusal(configuration)
    }
  }

  @Test(
    "Other kernels are an error, never replaced",
    arguments: machineISAs.filter { !["avx512vnni", "amx"].contains($0) })
  func otherKernels(isa: String) {
    expectRefusal(Configuration(bundle: "vit-fp16", arithmetic: PCLIP_ARITHMETIC_BF16, isa: isa))
  }

  private func expectRefusal(_ configuration: Configuration) {
    let error = #expect(throws: Refusal.self) { _ = try OpenedBundle(configuration) }
    #expect(error?.code == PCLIP_E_UNSUPPORTED)
    #expect(error?.message.hasPrefix("this processor has no BF16 arithmetic") == true)
  }

  @Test(
    "Bundles whose weights are not FP16 are an error", arguments: ["vit-fp32", "vit-int8", "resnet-int8"])
  func otherWeights(bundle: String) {
    let configuration = Configuration(bundle: bundle, arithmetic: PCLIP_ARITHMETIC_BF16)
    let error = #expect(throws: Refusal.self) { _ = try OpenedBundle(configuration) }
    #expect(error?.code == PCLIP_E_UNSUPPORTED)
  }

  @Test(
    "Vectors are close to those of FP32 sums but not equal, and the self-test passes", arguments: bf16Bundles)
  func nearness(configuration: Configuration) throws {
    let rounded = try OpenedBundle(configuration)
    let exact = try OpenedBundle(Configuration(bundle: configuration.bundle))
    let pixels = GeneratedInputs.pixels(count: 3 * exact.pixelCount)
    let texts = GeneratedInputs.texts(context: exact.context, vocabulary: Int(exact.info.vocabulary_size))
    let vectors = try rounded.encode(pixels: pixels) + rounded.encode(ids: texts)
    let expected = try exact.encode(pixels: pixels) + exact.encode(ids: texts)
    for (vector, truth) in zip(vectors, expected) {
      let cosine: Double = zip(vector, truth).reduce(0.0) { sum, pair in sum + Double(pair.0) * Double(pair.1)
      }
      #expect(vector != truth && cosine >= Self.leastCosine, "\(cosine)")
    }
    try call { pclip_self_test(rounded.session, $0) }
  }
}

/// Bundles that this processor runs in BF16.
let bf16Bundles = families.map { Configuration(bundle: "\($0)-fp16", arithmetic: PCLIP_ARITHMETIC_BF16) }
  .filter { (try? OpenedBundle($0)) != nil }
