import Architecture
import BundleFormat
import CKernels

/// `ModifiedResNet.forward` of OpenAI's `clip/model.py` for one image.
///
/// One image at a time, because each image has its own activation range. Threads share its rows and channels.
struct ResNetTrunkPass {
  let compute: Compute
  let weights: ResNetTrunkWeights
  let scratch: ResNetTrunkScratch

  /// - Parameter pixels: 3 × S × S.
  /// - Returns: the result, one row of `outputWidth` values.
  func run(_ pixels: UnsafePointer<Float>, observer: StageObserver?) -> Rows<Float> {
    let maps = scratch.maps
    let (a, b, c) = (maps[0], maps[1], maps[2])
    let stem = runStem(pixels, a, b)
    observer?(.stem, values(stem))
    var input = stem
    // Each block reads its input from one of two maps, b or this one, and may write its output to the other.
    var spare = maps[3]
    for bottleneck in weights.bottlenecks {
      let output = run(bottleneck, input, inner: a, c, shortcut: spare)
      // The output is in the map of the input or in the spare one. In the second case the input's map becomes spare.
      if output.values != input.values { spare = input.values }
      input = output
      observer?(.bottleneck(stage: bottleneck.stage, bottleneck.index), values(input))
    }
    return pool(input, tokens: a)
  }

  /// Three 3 × 3 convolutions and an average pool: S → S/4 pixels along each side.
  private func runStem(
    _ pixels: UnsafePointer<Float>, _ a: UnsafeMutablePointer<Float>, _ b: UnsafeMutablePointer<Float>
  ) -> FeatureMap {
    let first = convolve(
      weights.stem1, planar(pixels), .three(step: 2), into: a, border: floatBorder(weights.stem2))
    let copiesBoth = isCopied(for: weights.stem2) && isCopied(for: weights.stem3)
    let second = convolve(
      weights.stem2, input(first, for: weights.stem2, border: 1), .three(step: 1), into: copiesBoth ? a : b,
      border: floatBorder(weights.stem3))
    return convolve(
      weights.stem3, input(second, for: weights.stem3, border: 1), .three(step: 1), into: a, pooledInto: b)
  }

  /// `Bottleneck.forward`: 1 × 1, 3 × 3, average pool in a stage's first block, 1 × 1, plus the shortcut.
  private func run(
    _ bottleneck: BottleneckWeights, _ x: FeatureMap, inner a: UnsafeMutablePointer<Float>,
    _ c: UnsafeMutablePointer<Float>, shortcut d: UnsafeMutablePointer<Float>
  ) -> FeatureMap {
    let first = convolve(
      bottleneck.conv1, input(x, for: bottleneck.conv1), .one, into: a, border: floatBorder(bottleneck.conv2))
    var shortcut = x
    if let weights = bottleneck.shortcut, bottleneck.stride == 1 {
      shortcut = convolve(weights, input(x, for: weights), .one, into: d, epilogue: Epilogue())
    }
    let (inner, other) = isCopied(for: bottleneck.conv2) ? (a, c) : (c, a)
    let second = convolve(
      bottleneck.conv2, input(first, for: bottleneck.conv2, border: 1), .three(step: 1), into: inner,
      pooledInto: bottleneck.stride == 2 ? other : nil)
    if let weights = bottleneck.shortcut, bottleneck.stride == 2 {
      let halved = compute.averagePool(x, into: inner, scratch.quantized?.ranges)
      shortcut = convolve(weights, input(halved, for: weights), .one, into: d, epilogue: Epilogue())
    }
    let addition = Epilogue.Residual(
      values: shortcut.values, rowStride: shortcut.stride, lineStride: shortcut.lineStride)
    return convolve(
      bottleneck.conv3, input(second, for: bottleneck.conv3), .one, into: shortcut.values,
      epilogue: Epilogue(residual: addition, endsInReLU: true))
  }

  // Not inlined: one copy instead of one per call keeps the library small.
  @inline(never)
  private func convolve(
    _ weights: LinearWeights, _ input: ConvolutionInput, _ window: Window,
    into values: UnsafeMutablePointer<Float>, border: Int = 0,
    pooledInto pooled: UnsafeMutablePointer<Float>? = nil, epilogue: Epilogue = Epilogue(endsInReLU: true)
  ) -> FeatureMap {
    compute.convolve(
      weights, input, window,
      ConvolutionScratch(
        patches: scratch.patches, rounding: scratch.rounded?.kernels, ranges: scratch.quantized?.ranges),
      into: ConvolutionOutput(values: values, border: border, pooled: pooled), epilogue)
  }

  private func values(_ map: FeatureMap) -> StageValues {
    StageValues(values: map.values, rows: map.pixelCount, width: map.channels, stride: map.stride)
  }
}

extension ResNetTrunkPass {
  /// The border of a map that these weights read through a 3 × 3 window: floats are read directly, quantized maps get
  /// their border when they are quantized.
  private func floatBorder(_ weights: LinearWeights) -> Int { isCopied(for: weights) ? 0 : 1 }

  /// Whether these weights read bytes, so that the map that is quantized is no longer needed. The next one can have its
  /// memory, which is still in the cache.
  private func isCopied(for weights: LinearWeights) -> Bool { quantized(for: weights) != nil }

  /// A map in the form that these weights multiply: completely quantized or rounded, if they need that.
  @inline(never)
  private func input(_ map: FeatureMap, for weights: LinearWeights, border: Int = 0) -> ConvolutionInput {
    var input = ConvolutionInput(
      pixels: .floats(map.values), size: map.size, border: map.border, channels: map.channels,
      columnStride: map.stride, lineStride: map.lineStride, channelStride: 1)
    if let rounded = scratch.rounded, map.channels % 4 == 0 {
      compute.round(map, into: rounded)
      input.pixels = .rounded(rounded.values, rounded.kernels)
      return input
    }
    let lines = QuantizedLines(
      values: map.values, count: map.size, length: map.lineStride, border: border, margin: border * map.stride
    )
    guard quantize(lines, map.range, for: weights, into: &input) else { return input }
    input.border = border
    input.lineStride = lines.targetLength
    return input
  }

  /// The image itself, three planes.
  private func planar(_ values: UnsafePointer<Float>) -> ConvolutionInput {
    let size = weights.tower.imageSize
    var input = ConvolutionInput(
      pixels: .floats(UnsafeMutablePointer(mutating: values)), size: size, border: 0, channels: 3,
      columnStride: 1, lineStride: size, channelStride: size * size)
    let lines = QuantizedLines(values: values, count: 3 * size, length: size)
    _ = quantize(lines, nil, for: weights.stem1, into: &input)
    return input
  }

  /// Returns false if the weights multiply floats.
  private func quantize(
    _ lines: QuantizedLines, _ range: ValueRange?, for weights: LinearWeights,
    into input: inout ConvolutionInput
  ) -> Bool {
    guard let quantized = quantized(for: weights) else { return false }
    let quantization = compute.quantize(lines, range: range, into: quantized)
    input.pixels = .bytes(quantized.bytes, lowPlane: quantized.lowPlane, quantization)
    return true
  }

  /// The memory for an input of these weights; nil if they multiply floats.
  @inline(never)
  func quantized(for weights: LinearWeights) -> QuantizedMap? {
    guard case .s8(_, _, let width) = weights.panels, var map = scratch.quantized else { return nil }
    if width == .oneByte { map.lowPlane = 0 }
    return map
  }
}
