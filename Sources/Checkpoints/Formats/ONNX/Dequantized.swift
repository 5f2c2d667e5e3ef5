internal import Archives
internal import Synchronization
internal import TensorTypes

/// Quantized values as FP32: (q - zero point) · scale, computed on load.
final class Dequantized: ByteSource {
  private let quantized: CheckpointTensor
  /// One value, or one for each index of `axis`.
  private let scales, zeroPoints: [Float]
  /// Elements from one index of the axis to the next.
  private let run: Int
  private let content = Mutex<MappedFile?>(nil)

  /// - Parameter axis: the axis that scales are counted along; negative values count from the end.
  /// - Throws: `onnxQuantization`.
  static func tensor(
    _ quantized: CheckpointTensor, scale: CheckpointTensor, zeroPoint: CheckpointTensor?, axis: Int,
    name: String
  ) throws(ReadError) -> CheckpointTensor {
    do throws(ReadError) {
      let shape = quantized.shape
      guard let strides = StridedLayout.rowMajorStrides(of: shape) else {
        throw ReadError(.numberOverflow, found: "shape \(shape)")
      }
      return try CheckpointTensor(
        name: name, dtype: .f32, shape: shape, strides: strides, storageOffset: 0,
        storage: Dequantized(quantized, scale: scale, zeroPoint: zeroPoint, axis: axis), file: quantized.file)
    } catch {
      throw error.path.isEmpty ? error.inside(.tensor(name)) : error
    }
  }

  private init(
    _ quantized: CheckpointTensor, scale: CheckpointTensor, zeroPoint: CheckpointTensor?, axis: Int
  ) throws(ReadError) {
    let shape = quantized.shape
    let axis = axis < 0 ? axis + shape.count : axis
    let isPerIndex = scale.elementCount != 1
    let extent = shape.indices.contains(axis) ? shape[axis] : nil
    guard !isPerIndex || scale.elementCount == extent else {
      throw ReadError(
        .onnxQuantization, expected: "one scale, or one for each index of axis \(axis) of \(shape)",
        found: "scales of shape \(scale.shape)")
    }
    guard zeroPoint == nil || zeroPoint?.elementCount == scale.elementCount else {
      throw ReadError(
        .onnxQuantization, expected: "\(scale.elementCount) zero points",
        found: "\(zeroPoint?.elementCount ?? 0)")
    }
    guard !quantized.dtype.isFloatingPoint, scale.dtype.isFloatingPoint else {
      throw ReadError(
        .onnxQuantization, expected: "integers with scales of floats",
        found: "\(quantized.dtype.safetensorsName) and \(scale.dtype.safetensorsName)")
    }
    self.quantized = quantized
    scales = try scale.floats()
    zeroPoints = try zeroPoint?.floats() ?? [Float](repeating: 0, count: scales.count)
    run = isPerIndex ? shape[(axis + 1)...].reduce(1, *) : max(quantized.elementCount, 1)
  }

  var byteCount: Int { quantized.elementCount * MemoryLayout<Float>.size }

  var computedByteCount: Int { saturatingSum(byteCount, quantized.storage.computedByteCount) }

  var encoding: String? { quantized.dtype.safetensorsName.description }

  var storedRange: Range<Int>? { quantized.storage.storedRange }

  func load() throws(ReadError) -> FileSlice {
    let loaded = try content.withLock { cached throws(ReadError) in
      if let cached { return cached }
      let loaded = try MappedFile(byteCount: byteCount, path: quantized.file) { output throws(ReadError) in
        try dequantize(into: output.bindMemory(to: Float.self))
      }
      cached = loaded
      return loaded
    }
    return FileSlice(file: loaded, range: 0..<byteCount)
  }

  func release() {
    content.withLock { $0 = nil }
    quantized.releasePages()
  }

  private func dequantize(into output: UnsafeMutableBufferPointer<Float>) throws(ReadError) {
    try quantized.readFloats(into: output)
    var start = 0
    var index = 0
    while start < output.count {
      let end = min(start + run, output.count)
      for position in start..<end {
        output[position] = (output[position] - zeroPoints[index]) * scales[index]
      }
      start = end
      index = index + 1 == scales.count ? 0 : index + 1
    }
  }
}
