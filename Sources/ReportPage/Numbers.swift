#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

extension Double {
  /// log₁₀; within the range of FP64 for every finite value.
  var logarithm: Double { log10(Swift.max(self, 1e-300)) }

  /// The power of ten that is not above the value.
  var decade: Int { Int(Swift.min(300, Swift.max(-300, floor(logarithm)))) }
}

extension String {
  /// `visual.transformer.resblocks.3` as `visual, block 3`.
  var shortStage: String {
    replacing("transformer.resblocks.", with: "block ").replacing("visual.block", with: "visual block")
  }
}
