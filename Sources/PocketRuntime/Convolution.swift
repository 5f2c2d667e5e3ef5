import BundleFormat
import CKernels
import CPlatform

/// A picture between layers: channels-last, `stride` floats per pixel, of which `channels` count and the rest, up to
/// a multiple of four, are zero.
struct FeatureMap {
  var values: UnsafeMutablePointer<Float>
  /// Pixels along each side.
  var size: Int
  var channels: Int

  var stride: Int { FeatureMap.stride(channels) }
  var pixelCount: Int { size * size }
  var elementCount: Int { pixelCount * stride }
  var rows: Rows<Float> { Rows(base: values, stride: stride) }

  static func stride(_ channels: Int) -> Int { (channels + 3) / 4 * 4 }
}

/// What a convolution reads: pixels as floats or as bytes of one scale, and how they lie.
struct ConvolutionInput {
  var pixels: Pixels
  var size: Int
  var channels: Int
  /// Elements from one pixel to the next, from one row to the next, from one channel to the next.
  var columnStride, rowStride, channelStride: Int

  enum Pixels {
    case floats(UnsafeMutablePointer<Float>)
    case u8(UnsafeMutablePointer<UInt8>, pk_u8_quantization)
  }
}

/// A square window, its step, and the border of zeros around the picture.
enum Window {
  case one
  /// 3 × 3, border 1.
  case three(step: Int)

  var side: Int { if case .three = self { 3 } else { 1 } }
  var step: Int { if case .three(let step) = self { step } else { 1 } }
  var border: Int { side / 2 }
}

/// Buffers of a worker: patches as floats or as bytes.
struct PatchBuffers {
  /// One row per worker.
  var floats: Rows<Float>
  var bytes: Rows<UInt8>

  /// Output pixels whose patches a worker holds at once, unless one row of the picture is longer.
  static let pixels = 128
}

extension Compute {
  /// Convolution, BatchNorm and what follows, into `output`, whose size and channels are set here.
  func convolve(
    _ weights: LinearWeights, _ input: ConvolutionInput, _ window: Window, _ buffers: PatchBuffers,
    into values: UnsafeMutablePointer<Float>, _ epilogue: Epilogue
  ) -> FeatureMap {
    let size = (input.size + 2 * window.border - window.side) / window.step + 1
    let output = FeatureMap(values: values, size: size, channels: weights.shape.outputs)
    var kernelEpilogue = weights.epilogue(epilogue)
    // Padding outputs have neither weights nor bias: storing them keeps the map's padding zero.
    kernelEpilogue.output_count = output.stride
    let rowsPerPart = max(1, PatchBuffers.pixels / size)
    let rowParts = (size + rowsPerPart - 1) / rowsPerPart
    // Small pictures have few rows to share: their panels are shared too, at the price of gathering twice.
    let panelParts = Parts(weights.shape.panelCount, wanted: (threads * 2 + rowParts - 1) / rowParts)
    let work = ConvolutionWork(
      kernels: kernels, weights: weights, input: input, window: window, buffers: buffers, output: output,
      rowsPerPart: rowsPerPart, panelParts: panelParts, epilogue: kernelEpilogue)
    work.run(parts: rowParts * panelParts.count, threads: threads)
    return output
  }

  /// 2 × 2 average pool, step 2, into `values`.
  func averagePool(_ input: FeatureMap, into values: UnsafeMutablePointer<Float>) -> FeatureMap {
    let output = FeatureMap(values: values, size: input.size / 2, channels: input.channels)
    let work = AveragePoolWork(
      kernels: kernels, input: input, output: output, parts: Parts(output.size, wanted: threads * 2))
    work.run(parts: work.parts.count, threads: threads)
    return output
  }
}

/// Each part computes some panels of channels for some rows of output pixels.
private struct ConvolutionWork: ParallelWork {
  var kernels: UnsafePointer<pk_kernels>
  var weights: LinearWeights
  var input: ConvolutionInput
  var window: Window
  var buffers: PatchBuffers
  var output: FeatureMap
  var rowsPerPart: Int
  var panelParts: Parts
  var epilogue: pk_epilogue

  static var body: pf_body {
    { context, part, worker in
      context?.assumingMemoryBound(to: ConvolutionWork.self).pointee.run(part: part, worker: worker)
    }
  }

  func run(part: Int, worker: Int) {
    let (rowPart, panelPart) = part.quotientAndRemainder(dividingBy: panelParts.count)
    let rows = rowPart * rowsPerPart..<min((rowPart + 1) * rowsPerPart, output.size)
    let firstPixel = rows.lowerBound * output.size
    var partEpilogue = epilogue
    partEpilogue.residual = epilogue.residual.map { $0 + firstPixel * epilogue.residual_row_stride }
    let input = patches(rows, worker: worker)
    let product = pk_product(
      lines: 1, line_rows: rows.count * output.size, x_row_stride: input.stride, x_line_stride: 0,
      segments: 1,
      segment_inputs: weights.shape.paddedInputs, segment_stride: 0, y_row_stride: output.stride,
      y_line_stride: 0, epilogue: partEpilogue)
    kernels.multiply(
      weights, input, product, panels: panelParts[panelPart], into: output.rows.dropping(firstPixel).base)
  }

  /// The rows of the matrix product: the pixels themselves for 1 × 1, otherwise their neighbourhoods, copied.
  private func patches(_ rows: Range<Int>, worker: Int) -> LinearInput {
    let firstPixel = rows.lowerBound * output.size
    let k = weights.shape.paddedInputs
    switch (window, input.pixels) {
    case (.one, .floats(let pixels)):
      return .floats(Rows(base: pixels, stride: input.columnStride).dropping(firstPixel))
    case (.one, .u8(let pixels, let range)):
      return .quantized(Rows(base: pixels, stride: input.columnStride).dropping(firstPixel), .common(range))
    case (.three, .floats(let pixels)):
      var grid = grid
      kernels.pointee.gather_patches_f32(
        &grid, rows.lowerBound, rows.upperBound, pixels, 0, buffers.floats[worker], k)
      return .floats(Rows(base: buffers.floats[worker], stride: k))
    case (.three, .u8(let pixels, let range)):
      var grid = grid
      kernels.pointee.gather_patches_u8(
        &grid, rows.lowerBound, rows.upperBound, pixels, UInt8(truncatingIfNeeded: range.zero_point),
        buffers.bytes[worker], k)
      return .quantized(Rows(base: buffers.bytes[worker], stride: k), .common(range))
    }
  }

  private var grid: pk_patch_grid {
    pk_patch_grid(
      height: input.size, width: input.size, channels: input.channels, row_stride: input.rowStride,
      column_stride: input.columnStride, channel_stride: input.channelStride, kernel: window.side,
      step: window.step, padding: window.border, output_width: output.size)
  }
}

/// Each part pools some rows.
private struct AveragePoolWork: ParallelWork {
  var kernels: UnsafePointer<pk_kernels>
  var input: FeatureMap
  var output: FeatureMap
  var parts: Parts

  static var body: pf_body {
    { context, part, worker in
      context?.assumingMemoryBound(to: AveragePoolWork.self).pointee.run(part: part, worker: worker)
    }
  }

  func run(part: Int, worker: Int) {
    let rows = parts[part]
    kernels.pointee.avgpool2x2_f32(
      input.size, input.stride, rows.lowerBound, rows.upperBound, input.values, output.values)
  }
}
