internal import Architecture
internal import CKernels
internal import ImagePreprocessing

/// Pillow's resampling of 16-bit greys: like 8 bits, but with weights and sums in double precision.
extension DecodedImage {
  func grey16Square(
    _ geometry: CropGeometry, imageSize: Int, _ interpolation: Preprocessing.Interpolation
  ) -> DecodedImage {
    let filter = interpolation == .bicubic ? PK_RESIZE_BICUBIC : PK_RESIZE_BILINEAR
    let horizontal = pk_resize_axis(input: width, output: geometry.resizedWidth, filter: filter)
    let vertical = pk_resize_axis(input: height, output: geometry.resizedHeight, filter: filter)
    let columns = geometry.left..<geometry.left + imageSize
    let rows = geometry.top..<geometry.top + imageSize
    let plane = Grey16Plane(width: width, bytes: samples)
    let square =
      ImagePreprocessor.isVerticalFirst(horizontal, vertical)
      ? plane.transposed().resampled(vertical, rows).transposed().resampled(horizontal, columns)
      : plane.resampled(horizontal, columns).transposed().resampled(vertical, rows).transposed()
    return replacingSamples(square.bytes, imageSize: imageSize)
  }
}

private struct Grey16Plane {
  let width: Int
  let values: [UInt16]

  var height: Int { values.count / width }

  var bytes: [UInt8] {
    values.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
  }

  init(width: Int, values: [UInt16]) {
    self.width = width
    self.values = values
  }

  init(width: Int, bytes: [UInt8]) {
    self.width = width
    values = (0..<bytes.count / 2).map { UInt16(bytes[2 * $0]) | UInt16(bytes[2 * $0 + 1]) << 8 }
  }

  func transposed() -> Grey16Plane {
    var turned = [UInt16]()
    turned.reserveCapacity(values.count)
    for x in 0..<width {
      for y in 0..<height { turned.append(values[y * width + x]) }
    }
    return Grey16Plane(width: height, values: turned)
  }

  /// Resamples every row along x, for the requested outputs only.
  func resampled(_ axis: pk_resize_axis, _ outputs: Range<Int>) -> Grey16Plane {
    var result = [UInt16](repeating: 0, count: outputs.count * height)
    var weights = [Double](repeating: 0, count: pk_resize_max_taps(axis))
    for (column, output) in outputs.enumerated() {
      let taps = pk_resize_taps_of(axis, output)
      pk_resize_weights_f64(axis, output, &weights)
      for y in 0..<height {
        var sum = 0.0
        let start = y * width + taps.first
        for tap in 0..<taps.count { sum += Double(values[start + tap]) * weights[tap] }
        result[y * outputs.count + column] =
          axis.input == axis.output ? values[y * width + output] : Self.rounded(sum)
      }
    }
    return Grey16Plane(width: outputs.count, values: result)
  }

  /// Rounds half away from zero and clamps, like Pillow 13. Pillow 12 clamped each byte separately, so that sums
  /// above 65,535 kept their low byte.
  private static func rounded(_ sum: Double) -> UInt16 {
    let value = Int(sum < 0 ? sum - 0.5 : sum + 0.5)
    return UInt16(clamping: value)
  }
}
