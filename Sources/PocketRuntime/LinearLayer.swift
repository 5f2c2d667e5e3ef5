import BundleFormat
import CKernels
import CPlatform

/// The rows that a linear layer multiplies, in the form that its arithmetic takes.
enum LinearInput {
  case floats(Rows<Float>)
  /// `fast`, transformers: one scale per row.
  case s8(Rows<Int8>, scales: UnsafeMutablePointer<Float>)
  /// `fast`, convolutions: one scale and zero point for all rows.
  case u8(Rows<UInt8>, pk_u8_quantization)
}

/// What follows the product, before a value is stored.
struct Epilogue {
  var activation = PK_ACTIVATION_NONE
  /// Added last; may be the output itself.
  var residual: (values: UnsafePointer<Float>, stride: Int)?
  var endsInReLU = false
}

extension Compute {
  /// y = epilogue(W·x) for `rows` rows; `panels` (default: all) chooses outputs in units of 16.
  func linear(
    _ weights: LinearWeights, _ input: LinearInput, rows: Int, into output: Rows<Float>,
    panels: Range<Int>? = nil, _ epilogue: Epilogue = Epilogue()
  ) {
    let panels = panels ?? 0..<weights.shape.panelCount
    let work = LinearWork(
      kernels: kernels, weights: weights, input: input, rows: rows, firstPanel: panels.lowerBound,
      parts: Parts(panels.count, wanted: threads * LinearWork.partsPerThread), output: output,
      epilogue: weights.epilogue(epilogue))
    work.run(parts: work.parts.count, threads: threads)
  }
}

extension LinearWeights {
  func epilogue(_ epilogue: Epilogue) -> pk_epilogue {
    pk_epilogue(
      scale: scale, bias: bias, residual: epilogue.residual?.values,
      residual_stride: epilogue.residual?.stride ?? 0, output_count: shape.outputs,
      activation: epilogue.activation, relu_last: epilogue.endsInReLU ? 1 : 0)
  }
}

/// Each part computes some panels of outputs for all rows: the order of sums in an output never depends on it.
private struct LinearWork: ParallelWork {
  var kernels: UnsafePointer<pk_kernels>
  var weights: LinearWeights
  var input: LinearInput
  var rows: Int
  var firstPanel: Int
  var parts: Parts
  var output: Rows<Float>
  var epilogue: pk_epilogue

  /// More parts than threads, so that a thread that was interrupted does not hold up the rest.
  static let partsPerThread = 4

  static var body: pf_body {
    { context, part, worker in
      context?.assumingMemoryBound(to: LinearWork.self).pointee.run(part: part, worker: worker)
    }
  }

  func run(part: Int, worker: Int) {
    let range = parts[part]
    let panels = firstPanel + range.lowerBound..<firstPanel + range.upperBound
    kernels.multiply(weights, input, rows: rows, panels: panels, into: output, epilogue)
  }
}

extension UnsafePointer where Pointee == pk_kernels {
  /// The matrix product for this pair of weights and input.
  func multiply(
    _ weights: LinearWeights, _ input: LinearInput, rows: Int, panels: Range<Int>, into output: Rows<Float>,
    _ epilogue: pk_epilogue
  ) {
    let k = weights.shape.paddedInputs
    let (begin, end) = (panels.lowerBound, panels.upperBound)
    let (y, ldy) = (output.base, output.stride)
    withUnsafePointer(to: epilogue) { epilogue in
      switch (weights.panels, input) {
      case (.f32(let w), .floats(let x)):
        pointee.gemm_f32(rows, k, begin, end, x.base, x.stride, w, y, ldy, epilogue)
      case (.f16(let w), .floats(let x)):
        pointee.gemm_f16(rows, k, begin, end, x.base, x.stride, w, y, ldy, epilogue)
      case (.s8(let w, _), .floats(let x)):
        pointee.gemm_s8f(rows, k, begin, end, x.base, x.stride, w, y, ldy, epilogue)
      case (.s8(let w, _), .s8(let x, let scales)):
        pointee.gemm_s8s8(rows, k, begin, end, x.base, x.stride, scales, w, y, ldy, epilogue)
      case (.s8(let w, let sums), .u8(let x, let range)):
        pointee.gemm_u8s8(
          rows, k, begin, end, x.base, x.stride, range.scale, range.zero_point, w, sums, y, ldy, epilogue)
      case (.f32, .s8), (.f32, .u8), (.f16, .s8), (.f16, .u8):
        break  // Only int8 weights meet quantized rows: `Compute` quantizes nowhere else.
      }
    }
  }
}
