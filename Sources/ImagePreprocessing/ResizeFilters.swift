internal import Architecture
internal import CKernels

extension pk_resize_axis {
  init(from input: Int, to output: Int, _ interpolation: Preprocessing.Interpolation) {
    let filter =
      switch interpolation {
      case .bicubic: PK_RESIZE_BICUBIC
      case .bilinear: PK_RESIZE_BILINEAR
      }
    self.init(input: input, output: output, filter: filter)
  }

  var isIdentity: Bool { input == output }
  var maximumTapCount: Int { pk_resize_max_taps(self) }

  /// Fractional bits of the weights.
  func weightBits(_ isPillow: Bool) -> UInt32 {
    isPillow || isIdentity ? UInt32(PK_RESIZE_PILLOW_BITS) : pk_resize_torch_bits(self)
  }
}

/// Weights for a run of outputs along a row, in the row kernel's layout. The memory is reused from image to image.
struct RowFilter: ~Copyable {
  private(set) var axis = pk_resize_axis()
  /// The requested outputs. If the axis keeps its length, they are copies of these inputs.
  private(set) var outputs = 0..<0
  /// Weights of one output.
  private(set) var stride = 0
  private var taps: [pk_resize_taps]
  private var weights: [Int32]
  private var tapWeights: [Int32]

  /// - Parameter widest: the axis with the most taps that will be requested.
  init(widest: pk_resize_axis, outputCount: Int, channelCount: Int) {
    let tapCount = widest.maximumTapCount
    taps = Array(repeating: pk_resize_taps(), count: outputCount)
    weights = Array(repeating: 0, count: outputCount * pk_resize_row_stride(tapCount, channelCount))
    tapWeights = Array(repeating: 0, count: tapCount)
  }

  static func byteCount(widest: pk_resize_axis, outputCount: Int, channelCount: Int) -> Int {
    let tapCount = widest.maximumTapCount
    let stride = pk_resize_row_stride(tapCount, channelCount)
    return outputCount * (16 + 4 * stride) + 4 * tapCount
  }

  mutating func prepare(
    _ axis: pk_resize_axis, weightBits: UInt32, outputs: Range<Int>, channelCount: Int
  ) {
    self.axis = axis
    self.outputs = outputs
    guard !axis.isIdentity else { return }
    stride = pk_resize_row_stride(axis.maximumTapCount, channelCount)
    for (index, output) in outputs.enumerated() {
      let tap = pk_resize_taps_of(axis, output)
      taps[index] = tap
      pk_resize_weights_i32(axis, weightBits, output, &tapWeights)
      var position = index * stride
      for pixel in 0..<tap.count {
        for _ in 0..<channelCount {
          weights[position] = tapWeights[pixel]
          position += 1
        }
      }
      while position < (index + 1) * stride {
        weights[position] = 0
        position += 1
      }
    }
  }

  func withUnsafePointers(_ body: (UnsafePointer<pk_resize_taps>, UnsafePointer<Int32>) -> Void) {
    taps.span.withUnsafeBufferPointer { taps in
      weights.span.withUnsafeBufferPointer { weights in
        guard let taps = taps.baseAddress, let weights = weights.baseAddress else { return }
        body(taps, weights)
      }
    }
  }
}

/// Weights of one output row.
struct ColumnFilter: ~Copyable {
  private(set) var taps = pk_resize_taps()
  private var axis = pk_resize_axis()
  private var weightBits: UInt32 = 0
  private var weights: [Int32]

  init(widest: pk_resize_axis) {
    weights = Array(repeating: 0, count: widest.maximumTapCount)
  }

  static func byteCount(widest: pk_resize_axis) -> Int {
    4 * widest.maximumTapCount
  }

  mutating func prepare(_ axis: pk_resize_axis, weightBits: UInt32) {
    self.axis = axis
    self.weightBits = weightBits
  }

  /// Selects the weights of one output row.
  mutating func select(_ output: Int) {
    taps = pk_resize_taps_of(axis, output)
    pk_resize_weights_i32(axis, weightBits, output, &weights)
  }

  func withUnsafeWeights(_ body: (UnsafePointer<Int32>) -> Void) {
    weights.span.withUnsafeBufferPointer { weights in
      if let weights = weights.baseAddress { body(weights) }
    }
  }
}
