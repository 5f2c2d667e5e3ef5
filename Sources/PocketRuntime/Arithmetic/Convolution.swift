import BundleFormat
import CKernels
import CPlatform

/// A square window, its step, and the border of zeros that it needs around the image.
enum Window {
  case one
  /// 3 × 3, border 1.
  case three(step: Int)

  var side: Int { if case .three = self { 3 } else { 1 } }
  var step: Int { if case .three(let step) = self { step } else { 1 } }
  var border: Int { side / 2 }
}

/// The input of a convolution: pixels as floats, as bytes with one scale or in BF16, and their memory layout.
struct ConvolutionInput {
  var pixels: Pixels
  /// Pixels along each side, without the border of zeros, and with it.
  var size: Int
  var border: Int
  var channels: Int
  /// Elements from one pixel to the next, from one line to the next, from one channel to the next.
  var columnStride, lineStride, channelStride: Int

  enum Pixels {
    case floats(UnsafeMutablePointer<Float>)
    /// `lowPlane` as in `QuantizedRows`.
    case bytes(UnsafeMutablePointer<UInt8>, lowPlane: Int, pk_quantization)
    case rounded(UnsafeMutablePointer<UInt16>, UnsafePointer<pk_bf16_kernels>)
  }

  /// Whether each line of a window is contiguous, so that a product can read it in place.
  func isReadable(by window: Window) -> Bool {
    channelStride == 1 && channels % 4 == 0 && border >= window.border
  }
}

struct ConvolutionOutput {
  var values: UnsafeMutablePointer<Float>
  /// Border of zeros that a following 3 × 3 window reads.
  var border = 0
  /// Memory for the averages of 2 × 2 pixels, if they are the output; `values` then hold what is averaged. Can be the
  /// memory of an input of floats.
  var pooled: UnsafeMutablePointer<Float>?
}

extension Compute {
  /// Convolution, BatchNorm and epilogue: an implicit matrix product that reads each window in place.
  func convolve(
    _ weights: LinearWeights, _ input: ConvolutionInput, _ window: Window, _ scratch: ConvolutionScratch,
    into target: ConvolutionOutput, _ epilogue: Epilogue
  ) -> FeatureMap {
    let size = (input.size + 2 * window.border - window.side) / window.step + 1
    let map = FeatureMap(
      values: target.values, size: size, channels: weights.shape.outputs, border: target.border)
    map.clearBorder()
    var kernelEpilogue = weights.epilogue(epilogue)
    // Padding outputs have zero weights and no bias, so storing them keeps the map's padding zero.
    kernelEpilogue.output_count = map.stride
    scratch.ranges?.reset(threads)
    let tiling = ConvolutionTiling(
      weights, input, window, outputSize: size, pools: target.pooled != nil, threads: threads)
    var output = map
    if let pooled = target.pooled, tiling.poolsLines {
      output = FeatureMap(values: pooled, size: size / 2, channels: map.channels)
    }
    ConvolutionWork(
      kernels: kernels, weights: weights, input: input, window: window, scratch: scratch, map: map,
      output: output, tiling: tiling, epilogue: kernelEpilogue
    ).run(parts: tiling.count, threads: threads)
    if let pooled = target.pooled, !tiling.poolsLines {
      return averagePool(map, into: pooled, scratch.ranges)
    }
    output.range = scratch.ranges?.union(threads)
    return output
  }
}

/// How the threads share a convolution: by lines of output pixels or by panels of channels, whichever makes each
/// thread read less.
private struct ConvolutionTiling {
  private let lines: Parts
  private let panels: PanelParts
  /// Whether windows are copied before the product. If so, a part is only a few lines.
  let copiesPatches: Bool
  /// Whether lines are those of the pooled map. Each needs two lines of pixels, which are then still in the cache.
  let poolsLines: Bool

  init(
    _ weights: LinearWeights, _ input: ConvolutionInput, _ window: Window, outputSize: Int, pools: Bool,
    threads: Int
  ) {
    let all = 0..<weights.shape.panelCount
    copiesPatches = !input.isReadable(by: window)
    if copiesPatches {
      let lineCount = max(1, PatchBuffers.pixels / outputSize)
      lines = Parts(outputSize, wanted: (outputSize + lineCount - 1) / lineCount)
      panels = PanelParts(all, wanted: 1)
      poolsLines = false
      return
    }
    let weightCount = weights.shape.panelCount * MatrixShape.panelWidth * weights.shape.paddedInputs
    let splitsPanels = weightCount > input.size * input.lineStride && all.count >= 4 * threads
    if case .floats = input.pixels { poolsLines = false } else { poolsLines = pools && !splitsPanels }
    lines = Parts(poolsLines ? outputSize / 2 : outputSize, wanted: splitsPanels ? 1 : threads * 4)
    panels = PanelParts(all, wanted: splitsPanels ? threads * 4 : 1)
  }

  var count: Int { lines.count * panels.count }

  subscript(part: Int) -> (lines: Range<Int>, panels: Range<Int>) {
    let (line, panel) = part.quotientAndRemainder(dividingBy: panels.count)
    return (lines[line], panels[panel])
  }
}

/// Each part computes some panels of channels for some lines of output pixels.
private struct ConvolutionWork: ParallelWork {
  var kernels: UnsafePointer<pk_kernels>
  var weights: LinearWeights
  var input: ConvolutionInput
  var window: Window
  var scratch: ConvolutionScratch
  var map: FeatureMap
  /// The pooled map if parts pool their lines, otherwise `map`.
  var output: FeatureMap
  var tiling: ConvolutionTiling
  var epilogue: pk_epilogue

  static var body: pf_body {
    { context, part, worker in
      context?.assumingMemoryBound(to: ConvolutionWork.self).pointee.run(part: part, worker: worker)
    }
  }

  func run(part: Int, worker: Int) {
    let (lines, panels) = tiling[part]
    if !tiling.poolsLines {
      multiply(lines, panels, worker: worker, scratch.ranges?.of(worker), into: map.line(lines.lowerBound))
      return
    }
    let top = map.line(2 * lines.lowerBound)
    for line in lines {
      multiply(2 * line..<2 * line + 2, panels, worker: worker, nil, into: top)
      kernels.average(top, map, into: output, line: line)
    }
    scratch.ranges?.widen(
      worker, kernels, output.line(lines.lowerBound), count: lines.count * output.lineStride)
  }

  @inline(never)
  private func multiply(
    _ lines: Range<Int>, _ panels: Range<Int>, worker: Int, _ range: UnsafeMutablePointer<Float>?,
    into target: UnsafeMutablePointer<Float>
  ) {
    var partEpilogue = epilogue
    partEpilogue.residual = epilogue.residual.map { $0 + lines.lowerBound * epilogue.residual_line_stride }
    partEpilogue.range = range
    let (rows, product) =
      tiling.copiesPatches
      ? copiedPatches(lines, worker: worker, partEpilogue) : windows(lines, partEpilogue)
    kernels.multiply(weights, rows, product, panels: panels, into: target)
  }

  /// The windows in place: a line of output pixels is a line of rows, and a line of a window is a run of inputs.
  private func windows(_ lines: Range<Int>, _ epilogue: pk_epilogue) -> (LinearInput, pk_product) {
    let corner = (input.border - window.border) * (input.lineStride + input.columnStride)
    let first = corner + lines.lowerBound * window.step * input.lineStride
    var product = pk_product(
      lines: lines.count, line_rows: map.size, x_row_stride: window.step * input.columnStride,
      x_line_stride: window.step * input.lineStride, segments: window.side,
      segment_inputs: window.side * input.channels, segment_stride: input.lineStride,
      y_row_stride: map.stride, y_line_stride: map.lineStride, epilogue: epilogue)
    product.joinLines()
    return (input.rows(from: first), product)
  }

  /// The windows copied one after another: needed for planes of pixels, and for a number of channels that is not a
  /// multiple of four.
  private func copiedPatches(
    _ lines: Range<Int>, worker: Int, _ epilogue: pk_epilogue
  ) -> (LinearInput, pk_product) {
    let k = weights.shape.paddedInputs
    let product = pk_product(
      lines: lines.count, line_rows: map.size, x_row_stride: k, x_line_stride: map.size * k,
      segments: 1,
      segment_inputs: k, segment_stride: 0, y_row_stride: map.stride, y_line_stride: map.lineStride,
      epilogue: epilogue)
    var grid = grid
    switch input.pixels {
    case .floats(let pixels):
      let patches = scratch.patches.floats[worker]
      kernels.pointee.gather_patches_f32(&grid, lines.lowerBound, lines.upperBound, pixels, 0, patches, k)
      return (rounded(Rows(base: patches, stride: k), rows: lines.count * map.size), product)
    case .bytes(let pixels, let lowPlane, let range):
      var patches = QuantizedRows(bytes: Rows(base: scratch.patches.bytes[worker], stride: k))
      kernels.pointee.gather_patches_u8(
        &grid, lines.lowerBound, lines.upperBound, pixels, UInt8(truncatingIfNeeded: range.zero_point),
        patches.bytes.base, k)
      if lowPlane > 0 {
        patches.lowPlane = scratch.patches.lowPlane
        kernels.pointee.gather_patches_u8(
          &grid, lines.lowerBound, lines.upperBound, pixels + lowPlane, 0,
          patches.bytes.base + patches.lowPlane, k)
      }
      return (.quantized(patches, .common(range)), product)
    case .rounded(let pixels, let bf16):
      // A map is rounded completely only if its windows are readable in place.
      return (.rounded(Rows(base: pixels, stride: k), bf16), product)
    }
  }

  /// Patches rounded to BF16 into their own memory, if the arithmetic needs that.
  private func rounded(_ patches: Rows<Float>, rows: Int) -> LinearInput {
    guard let bf16 = scratch.rounding else { return .floats(patches) }
    let target = UnsafeMutableRawPointer(patches.base).assumingMemoryBound(to: UInt16.self)
    bf16.pointee.round_rows(1, rows * patches.stride, patches.base, 0, target, 0)
    return .rounded(Rows(base: target, stride: patches.stride), bf16)
  }

  private var grid: pk_patch_grid {
    let side = input.size + 2 * input.border
    return pk_patch_grid(
      height: side, width: side, channels: input.channels, row_stride: input.lineStride,
      column_stride: input.columnStride, channel_stride: input.channelStride, kernel: window.side,
      step: window.step, padding: window.border - input.border, output_width: map.size)
  }
}

extension pk_product {
  /// Joins contiguous lines into one, so that it is cut into fewer tiles.
  fileprivate mutating func joinLines() {
    guard x_line_stride == line_rows * x_row_stride, y_line_stride == line_rows * y_row_stride,
      epilogue.residual == nil || epilogue.residual_line_stride == line_rows * epilogue.residual_row_stride
    else { return }
    line_rows *= lines
    lines = 1
  }
}

extension ConvolutionInput {
  fileprivate func rows(from element: Int) -> LinearInput {
    switch pixels {
    case .floats(let values): .floats(Rows(base: values + element, stride: columnStride))
    case .bytes(let values, let lowPlane, let range):
      .quantized(
        QuantizedRows(bytes: Rows(base: values + element, stride: columnStride), lowPlane: lowPlane),
        .common(range))
    case .rounded(let values, let bf16): .rounded(Rows(base: values + element, stride: columnStride), bf16)
    }
  }
}
