internal import CKernels

/// Weights for a run of outputs along a row, in the layout of the kernels that resample several rows at once.
struct PackedRowFilter: ~Copyable {
  /// Outputs are copies of these inputs, if the axis keeps its length.
  private let copied: Range<Int>?
  let outputCount: Int
  private let channelCount: Int
  private let packedByteCount: Int
  private var taps: [pk_resize_taps] = []
  /// `packedByteCount` bytes for each output.
  private var packed: [Int32] = []
  /// The past-the-end input of all outputs.
  private var end: Int

  /// - Parameters:
  ///   - firstInput: the column at which given rows begin.
  ///   - outputs: not empty.
  init(
    _ axis: pk_resize_axis, weightBits: UInt32, outputs: Range<Int>, firstInput: Int, channelCount: Int,
    _ kernels: ResizeKernels
  ) {
    outputCount = outputs.count
    self.channelCount = channelCount
    copied = axis.isIdentity ? outputs.lowerBound - firstInput..<outputs.upperBound - firstInput : nil
    end = outputs.upperBound - firstInput
    let layout = kernels.rowsLayout
    let most = axis.maximumTapCount
    packedByteCount = pk_resize_packed_bytes(layout, most, channelCount)
    guard copied == nil else { return }
    end = 0
    var weights = [Int32](repeating: 0, count: most)
    let words = packedByteCount / 4
    packed = [Int32](repeating: 0, count: words * outputCount)
    taps.reserveCapacity(outputCount)
    for (index, output) in outputs.enumerated() {
      var tap = pk_resize_taps_of(axis, output)
      pk_resize_weights_i32(axis, weightBits, output, &weights)
      packed.withUnsafeMutableBytes { packed in
        guard let start = packed.baseAddress else { return }
        pk_resize_pack(
          layout, tap.count, channelCount, weights, packedByteCount, start + index * packedByteCount)
      }
      tap.first -= firstInput
      end = max(end, tap.first + tap.count)
      taps.append(tap)
    }
  }

  /// The bytes of such a filter.
  static func byteCount(
    _ axis: pk_resize_axis, outputCount: Int, channelCount: Int, _ kernels: ResizeKernels
  ) -> Int {
    outputCount * (16 + pk_resize_packed_bytes(kernels.rowsLayout, axis.maximumTapCount, channelCount))
  }

  /// Resamples rows of interleaved channels into rows of `outputCount` pixels, from `offset` on.
  func resample(
    _ input: Span<UInt8>, rowCount: Int, stride: Int, _ kernels: ResizeKernels,
    into output: inout [UInt8], at offset: Int
  ) {
    let outputBytes = outputCount * channelCount
    precondition(rowCount > 0 && input.count >= (rowCount - 1) * stride + end * channelCount)
    precondition(offset >= 0 && output.count - offset >= rowCount * outputBytes)
    if let copied {
      let first = copied.lowerBound * channelCount
      for y in 0..<rowCount {
        ResizeKernels.copy(
          input.extracting(y * stride + first..<y * stride + first + outputBytes), into: &output,
          at: offset + y * outputBytes)
      }
      return
    }
    let kernel = pk_resize_rows_kernels_for(kernels.isa).pointee.rows
    input.withUnsafeBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        taps.span.withUnsafeBufferPointer { taps in
          packed.span.withUnsafeBufferPointer { packed in
            guard let input = input.baseAddress, let output = output.baseAddress,
              let taps = taps.baseAddress, let packed = packed.baseAddress
            else { return }
            var rows = pk_resize_rows(
              first: input, count: rowCount, stride: stride, byte_count: end * channelCount)
            kernel(
              &rows, taps, packed, packedByteCount, outputCount, channelCount, output + offset, outputBytes)
          }
        }
      }
    }
  }
}

extension ResizeKernels {
  var rowsLayout: pk_resize_layout { pk_resize_rows_kernels_for(isa).pointee.layout }

  /// Copies bytes to `offset` of the output.
  static func copy(_ input: Span<UInt8>, into output: inout [UInt8], at offset: Int) {
    precondition(offset >= 0 && output.count - offset >= input.count)
    let count = input.count
    input.withUnsafeBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        guard let input = input.baseAddress, let output = output.baseAddress else { return }
        (output + offset).update(from: input, count: count)
      }
    }
  }
}
