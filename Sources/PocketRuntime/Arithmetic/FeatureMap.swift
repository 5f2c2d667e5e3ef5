import CKernels
import CPlatform

/// A feature map between layers: channels-last, `stride` floats per pixel. The first `channels` floats are values,
/// the rest, up to a multiple of four, are zero. A border of zeros can surround the map.
struct FeatureMap {
  /// The first element, including the border.
  var values: UnsafeMutablePointer<Float>
  /// Pixels along each side, without the border.
  var size: Int
  var channels: Int
  var border = 0
  /// Bounds of all values, if they will be quantized.
  var range: ValueRange?

  var stride: Int { FeatureMap.stride(channels) }
  var lineStride: Int { (size + 2 * border) * stride }
  var pixelCount: Int { size * size }
  /// Number of elements, including the border.
  var elementCount: Int { (size + 2 * border) * lineStride }
  /// The first element of the first pixel.
  var origin: UnsafeMutablePointer<Float> { values + border * (lineStride + stride) }
  func line(_ line: Int) -> UnsafeMutablePointer<Float> { origin + line * lineStride }
  var rows: Rows<Float> { Rows(base: values, stride: stride) }

  static func stride(_ channels: Int) -> Int { (channels + 3) / 4 * 4 }

  func clearBorder() {
    guard border > 0 else { return }
    let edge = border * lineStride
    values.update(repeating: 0, count: edge)
    (values + elementCount - edge).update(repeating: 0, count: edge)
    for line in 0..<size {
      let start = values + (border + line) * lineStride
      start.update(repeating: 0, count: border * stride)
      (start + lineStride - border * stride).update(repeating: 0, count: border * stride)
    }
  }
}

/// Bounds of some values and of 0. If a value is NaN, a bound is NaN.
struct ValueRange {
  var minimum: Float = -0.0
  var maximum: Float = 0

  /// Compares bit patterns, as the kernels do. A comparison of floats would ignore a NaN.
  mutating func formUnion(_ other: ValueRange) {
    if other.minimum.bitPattern > minimum.bitPattern { minimum = other.minimum }
    if Int32(bitPattern: other.maximum.bitPattern) > Int32(bitPattern: maximum.bitPattern) {
      maximum = other.maximum
    }
  }
}

/// One range per worker. The order in which values are seen does not change the bounds.
struct WorkerRanges {
  private let rows: Rows<Float>

  init(_ memory: inout ScratchMemory, workers: Int) {
    // One cache line per worker, to avoid false sharing.
    rows = memory.rows(workers, 16, of: Float.self)
  }

  /// The two floats that kernels widen.
  func of(_ worker: Int) -> UnsafeMutablePointer<Float> { rows[worker] }

  func reset(_ workers: Int) {
    for worker in 0..<workers { store(ValueRange(), worker) }
  }

  /// Widens a worker's range to `count` ≥ 1 values.
  @inline(never)
  func widen(
    _ worker: Int, _ kernels: UnsafePointer<pk_kernels>, _ values: UnsafePointer<Float>, count: Int
  ) {
    let found = rows[worker] + 2
    kernels.pointee.minmax_f32(count, values, found)
    var range = self.range(of: worker)
    range.formUnion(ValueRange(minimum: found[0], maximum: found[1]))
    store(range, worker)
  }

  func union(_ workers: Int) -> ValueRange {
    var range = ValueRange()
    for worker in 0..<workers { range.formUnion(self.range(of: worker)) }
    return range
  }

  private func range(of worker: Int) -> ValueRange {
    ValueRange(minimum: rows[worker][0], maximum: rows[worker][1])
  }

  private func store(_ range: ValueRange, _ worker: Int) {
    (rows[worker][0], rows[worker][1]) = (range.minimum, range.maximum)
  }
}

extension Compute {
  /// Average pool, 2 × 2 with step 2, of a map without border into `values`.
  @inline(never)
  func averagePool(
    _ input: FeatureMap, into values: UnsafeMutablePointer<Float>, _ ranges: WorkerRanges?
  ) -> FeatureMap {
    var output = FeatureMap(values: values, size: input.size / 2, channels: input.channels)
    ranges?.reset(threads)
    let work = AveragePoolWork(
      kernels: kernels, input: input, output: output, ranges: ranges,
      parts: Parts(output.size, wanted: threads * 2))
    work.run(parts: work.parts.count, threads: threads)
    output.range = ranges?.union(threads)
    return output
  }
}

/// Each part pools some lines.
private struct AveragePoolWork: ParallelWork {
  var kernels: UnsafePointer<pk_kernels>
  var input: FeatureMap
  var output: FeatureMap
  var ranges: WorkerRanges?
  var parts: Parts

  static var body: pf_body {
    { context, part, worker in
      context?.assumingMemoryBound(to: AveragePoolWork.self).pointee.run(part: part, worker: worker)
    }
  }

  @inline(never)
  func run(part: Int, worker: Int) {
    let lines = parts[part]
    for line in lines { kernels.average(input.line(2 * line), input, into: output, line: line) }
    ranges?.widen(
      worker, kernels, output.line(lines.lowerBound), count: lines.count * output.lineStride)
  }
}

extension UnsafePointer<pk_kernels> {
  /// One line of a pooled map from two lines of `input`, the first of them at `top`. Maps without border.
  @inline(never)
  func average(_ top: UnsafePointer<Float>, _ input: FeatureMap, into output: FeatureMap, line: Int) {
    let channels = input.stride
    var (top, pixel) = (top, output.line(line))
    for _ in 0..<output.size {
      pointee.average_pixels_f32(channels, top, top + input.lineStride, pixel)
      top += 2 * channels
      pixel += channels
    }
  }
}
