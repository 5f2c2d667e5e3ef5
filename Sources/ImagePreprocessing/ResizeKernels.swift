public import CKernels

/// The resampling kernels of one instruction set; all give the same bytes. Only extensions of this type use pointers.
public struct ResizeKernels: Sendable {
  let isa: pk_isa

  /// The kernels for a processor that supports `isa`.
  public init(isa: pk_isa) {
    self.isa = isa
  }

  /// The fastest kernels of this machine.
  public static var detected: ResizeKernels {
    ResizeKernels(isa: pk_kernels_detect().pointee.isa)
  }

  /// Resamples one row of interleaved channels: the filter's outputs into `output`, from `offset` on.
  func resampleRow(
    _ input: Span<UInt8>, by filter: borrowing RowFilter, channelCount: Int,
    into output: inout MutableSpan<UInt8>, at offset: Int
  ) {
    let count = filter.outputs.count
    precondition(input.count == filter.axis.input * channelCount)
    precondition(offset >= 0 && output.count - offset >= count * channelCount)
    guard !filter.axis.isIdentity else {
      let first = filter.outputs.lowerBound * channelCount
      for index in 0..<count * channelCount { output[offset + index] = input[first + index] }
      return
    }
    let kernel = pk_resize_kernels_for(isa).pointee.row
    input.withUnsafeBufferPointer { input in
      filter.withUnsafePointers { taps, weights in
        output.withUnsafeMutableBufferPointer { output in
          guard let input = input.baseAddress, let output = output.baseAddress else { return }
          kernel(input, taps, weights, filter.stride, count, channelCount, output + offset)
        }
      }
    }
  }

  func resampleRow(
    _ input: Span<UInt8>, by filter: borrowing RowFilter, channelCount: Int, into output: inout [UInt8],
    at offset: Int
  ) {
    var span = output.mutableSpan
    resampleRow(input, by: filter, channelCount: channelCount, into: &span, at: offset)
  }

  /// Sums `taps.count` rows of a ring of `ringRows` rows into `width` bytes of `output`, from `offset` on.
  func resampleColumns(
    _ ring: Span<UInt8>, ringRows: Int, stride: Int, width: Int, by filter: borrowing ColumnFilter,
    into output: inout MutableSpan<UInt8>, at offset: Int
  ) {
    precondition(ringRows >= filter.taps.count && (ringRows - 1) * stride + width <= ring.count)
    precondition(offset >= 0 && output.count - offset >= width)
    let kernel = pk_resize_kernels_for(isa).pointee.column
    ring.withUnsafeBufferPointer { ring in
      filter.withUnsafeWeights { weights in
        output.withUnsafeMutableBufferPointer { output in
          guard let ring = ring.baseAddress, let output = output.baseAddress else { return }
          kernel(ring, ringRows, stride, width, filter.taps, weights, output + offset)
        }
      }
    }
  }

  func resampleColumns(
    _ ring: Span<UInt8>, ringRows: Int, stride: Int, width: Int, by filter: borrowing ColumnFilter,
    into output: inout [UInt8], at offset: Int
  ) {
    var span = output.mutableSpan
    resampleColumns(
      ring, ringRows: ringRows, stride: stride, width: width, by: filter, into: &span, at: offset)
  }
}
