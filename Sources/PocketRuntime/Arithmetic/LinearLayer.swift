import BundleFormat
import CKernels
import CPlatform

/// The rows that a linear layer multiplies, in the form that its arithmetic needs.
enum LinearInput {
  case floats(Rows<Float>)
  /// int8 bundles: integers around a zero point.
  case quantized(QuantizedRows, RowQuantization)
  /// `bf16`: the upper halves of floats, and the kernels that multiply them.
  case rounded(Rows<UInt16>, UnsafePointer<pk_bf16_kernels>)
}

/// The widest form that a model's arithmetic gives to the rows of a tower's linear layers: what their buffers hold.
enum RowForm {
  case floats
  case quantized(ActivationWidth)
  case rounded(UnsafePointer<pk_bf16_kernels>)
}

/// Bytes of a quantized activation: two in `exact` arithmetic, and in `fast` where a matrix has that form.
enum ActivationWidth: Int {
  case oneByte = 1
  case twoBytes = 2
}

/// Rows of quantized activations. Activations of two bytes are stored in two planes.
struct QuantizedRows {
  /// All bytes, or the high ones.
  var bytes: Rows<UInt8>
  /// Bytes from the high plane to the low one; 0 where an activation is one byte.
  var lowPlane = 0
}

/// The meaning of quantized rows: a scale and, with one byte per activation, a zero point.
enum RowQuantization {
  /// Transformers.
  case perRow(UnsafeMutablePointer<pk_quantization>)
  /// Convolutions: for all rows.
  case common(pk_quantization)
}

/// Operations between the product and the store of a value.
struct Epilogue {
  var activation = PK_ACTIVATION_NONE
  /// Added last; may alias the output.
  var residual: Residual?
  var endsInReLU = false

  struct Residual {
    var values: UnsafePointer<Float>
    /// Elements from one row, and from one line of rows, to the next.
    var rowStride: Int
    var lineStride = 0
  }
}

/// `lines` lines of `rowsPerLine` rows: the rows of a product that need not be equally spaced.
struct Lines {
  var count = 1
  var rowsPerLine: Int
  /// Elements from one line to the next.
  var inputStride = 0
  var outputStride = 0
}

extension Compute {
  /// y = epilogue(W·x) for `rows` rows; `panels` (default: all) chooses outputs in units of 16.
  func linear(
    _ weights: LinearWeights, _ input: LinearInput, rows: Int, into output: Rows<Float>,
    panels: Range<Int>? = nil, _ epilogue: Epilogue = Epilogue()
  ) {
    linear(weights, input, Lines(rowsPerLine: rows), into: output, panels: panels, epilogue)
  }

  // Not inlined: one copy instead of one per call keeps the library small.
  @inline(never)
  func linear(
    _ weights: LinearWeights, _ input: LinearInput, _ lines: Lines, into output: Rows<Float>,
    panels: Range<Int>? = nil, _ epilogue: Epilogue = Epilogue()
  ) {
    let panels = panels ?? 0..<weights.shape.panelCount
    let product = pk_product(
      lines: lines.count, line_rows: lines.rowsPerLine, x_row_stride: input.stride,
      x_line_stride: lines.inputStride, segments: 1, segment_inputs: weights.shape.paddedInputs,
      segment_stride: 0, y_row_stride: output.stride, y_line_stride: lines.outputStride,
      epilogue: weights.epilogue(epilogue))
    let work = LinearWork(
      kernels: kernels, weights: weights, input: input, product: product, panels: panels,
      parts: PanelParts(panels, wanted: threads * LinearWork.partsPerThread), output: output.base)
    work.run(parts: work.parts.count, threads: threads)
  }
}

extension LinearInput {
  var stride: Int {
    switch self {
    case .floats(let rows): rows.stride
    case .quantized(let rows, _): rows.bytes.stride
    case .rounded(let rows, _): rows.stride
    }
  }
}

extension LinearWeights {
  func epilogue(_ epilogue: Epilogue) -> pk_epilogue {
    pk_epilogue(
      scale: scale, bias: bias, residual: epilogue.residual?.values,
      residual_row_stride: epilogue.residual?.rowStride ?? 0,
      residual_line_stride: epilogue.residual?.lineStride ?? 0, output_count: shape.outputs, range: nil,
      activation: epilogue.activation, relu_last: epilogue.endsInReLU ? 1 : 0)
  }
}

/// Cuts panels into parts of complete pairs, because the widest kernels compute two panels at a time.
struct PanelParts {
  private let panels: Range<Int>
  private let pairs: Parts

  init(_ panels: Range<Int>, wanted: Int) {
    self.panels = panels
    pairs = Parts((panels.count + 1) / 2, wanted: wanted)
  }

  var count: Int { pairs.count }

  subscript(part: Int) -> Range<Int> {
    let pair = pairs[part]
    return panels.lowerBound + 2
      * pair.lowerBound..<min(panels.lowerBound + 2 * pair.upperBound, panels.upperBound)
  }
}

/// Each part computes some panels of outputs for all rows. The partition does not affect the order of the sums of an
/// output.
private struct LinearWork: ParallelWork {
  var kernels: UnsafePointer<pk_kernels>
  var weights: LinearWeights
  var input: LinearInput
  var product: pk_product
  var panels: Range<Int>
  var parts: PanelParts
  var output: UnsafeMutablePointer<Float>

  /// More parts than threads, so that an interrupted thread does not delay the others.
  static let partsPerThread = 4

  static var body: pf_body {
    { context, part, worker in
      context?.assumingMemoryBound(to: LinearWork.self).pointee.run(part: part, worker: worker)
    }
  }

  func run(part: Int, worker: Int) {
    kernels.multiply(weights, input, product, panels: parts[part], into: output)
  }
}

extension UnsafePointer where Pointee == pk_kernels {
  /// The matrix product for this combination of weights and input.
  // Not inlined: one copy instead of one per call keeps the library small.
  @inline(never)
  func multiply(
    _ weights: LinearWeights, _ input: LinearInput, _ product: pk_product, panels: Range<Int>,
    into y: UnsafeMutablePointer<Float>
  ) {
    let (begin, end) = (panels.lowerBound, panels.upperBound)
    withUnsafePointer(to: product) { product in
      switch (weights.panels, input) {
      case (.f32(let w), .floats(let x)): pointee.gemm_f32(product, begin, end, x.base, w, y)
      case (.f16(let w), .floats(let x)): pointee.gemm_f16(product, begin, end, x.base, w, y)
      case (.s8(let w, let sums, _), .quantized(let x, .perRow(let quantizations))):
        var rows = pk_quantized_rows(rows: quantizations, stride: 1, weight_sums: sums, low_plane: x.lowPlane)
        pointee.gemm_u8s8(product, begin, end, x.bytes.base, &rows, w, y)
      case (.s8(let w, let sums, _), .quantized(let x, .common(let quantization))):
        withUnsafePointer(to: quantization) { quantization in
          var rows = pk_quantized_rows(
            rows: quantization, stride: 0, weight_sums: sums, low_plane: x.lowPlane)
          pointee.gemm_u8s8(product, begin, end, x.bytes.base, &rows, w, y)
        }
      case (.f16(let w), .rounded(let x, let bf16)): bf16.pointee.gemm(product, begin, end, x.base, w, y)
      case (.f32, .quantized), (.f16, .quantized), (.s8, .floats), (.f32, .rounded), (.s8, .rounded):
        break  // Does not occur: rows have the form that the weights multiply.
      }
    }
  }
}
