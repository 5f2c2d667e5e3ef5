internal import ImageFiles

/// Resizes with any `ResizeFilter`: plain loops, levels as floats. Where our filters exist in a library, the levels
/// differ from its fixed-point arithmetic by at most one.
struct Resampler {
  let filter: ResizeFilter
  /// The size of the complete resized image.
  let width, height: Int

  /// The window of the resized image, `[rows, columns, 3]`.
  func callAsFunction(_ image: RGBImage, columns: Range<Int>, rows window: Range<Int>) -> [Float] {
    let horizontal = columns.map { ResizeTaps(filter, from: image.width, to: width, at: $0) }
    let vertical = window.map { ResizeTaps(filter, from: image.height, to: height, at: $0) }
    let needed = vertical.flatMap(\.indices)
    guard let first = needed.min(), let last = needed.max() else { return [] }
    var rows: [Float] = []  // [needed rows, columns, 3]
    for row in first...last {
      let values = narrowed(image, row: row, horizontal)
      rows += filter.rounding == .eachPass ? values.map(rounded) : values
    }
    let stride = 3 * columns.count
    var output: [Float] = []
    for taps in vertical {
      var sums = [Float](repeating: 0, count: stride)
      for (row, weight) in zip(taps.indices, taps.weights) {
        let start = (row - first) * stride
        for index in 0..<stride { sums[index] += weight * rows[start + index] }
      }
      output += filter.rounding == .never ? sums : sums.map(rounded)
    }
    return output
  }

  private func narrowed(_ image: RGBImage, row: Int, _ taps: [ResizeTaps]) -> [Float] {
    var values: [Float] = []
    values.reserveCapacity(3 * taps.count)
    let start = row * image.width
    image.pixels.withUnsafeBufferPointer { pixels in
      for tap in taps {
        var (red, green, blue): (Float, Float, Float) = (0, 0, 0)
        for (column, weight) in zip(tap.indices, tap.weights) {
          let pixel = 3 * (start + column)
          red += weight * Float(pixels[pixel])
          green += weight * Float(pixels[pixel + 1])
          blue += weight * Float(pixels[pixel + 2])
        }
        values += [red, green, blue]
      }
    }
    return values
  }

  private func rounded(_ level: Float) -> Float { min(255, max(0, (level + 0.5).rounded(.down))) }
}
