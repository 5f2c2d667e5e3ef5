internal import Architecture
internal import Archives
internal import BundleFormat
private import CKernels
internal import Checkpoints
private import TensorTypes

/// A weight matrix restored from its panels.
struct RestoredMatrix {
  private let weights: BundleWeights
  private let tensor: StoredTensor
  private let matrix: WeightMatrix
  /// The int8 scale of each output.
  private let scales: [Float]
  /// Factors that undo equalization, per input and per output.
  private let columnFactors, rowFactors: [Float]?

  init(_ weights: BundleWeights, _ parameter: Parameter) throws(ReadError) {
    guard let matrix = WeightMatrix(parameter) else {
      throw ReadError(.bundleRuleBroken, expected: "a matrix", found: "\(parameter.name)")
    }
    self.weights = weights
    self.matrix = matrix
    tensor = try weights.stored(parameter.name)
    let isInt8 = tensor.precision == .int8
    scales = isInt8 ? try weights.companion(parameter, ".scale", count: matrix.outputs) : []
    (columnFactors, rowFactors) = try weights.restoringFactors(of: parameter)
  }

  func read(from first: Int, into output: UnsafeMutableBufferPointer<Float>) {
    let count = matrix.outputs * matrix.inputs
    precondition(first >= 0 && first + output.count <= count)
    if first == 0, output.count == count, matrix.hasCanonicalRows {
      unpack(into: output)
    } else {
      let canonical = canonicalValues()
      for index in 0..<output.count { output[index] = canonical[first + index] }
    }
  }

  private func canonicalValues() -> [Float] {
    let count = matrix.outputs * matrix.inputs
    var rows = [Float](repeating: 0, count: count)
    rows.withUnsafeMutableBufferPointer { unpack(into: $0) }
    return canonical(rows)
  }

  /// What 1 is restored as, for each value of an int8 matrix.
  var steps: RoundingSteps {
    var rows = scales.flatMap { [Float](repeating: $0, count: matrix.inputs) }
    rows.withUnsafeMutableBufferPointer { undoEqualization($0) }
    return RoundingSteps(values: canonical(rows), width: 1)
  }

  private func canonical(_ rows: [Float]) -> [Float] {
    if matrix.hasCanonicalRows { return rows }
    var values = [Float](repeating: 0, count: rows.count)
    var target = values.mutableSpan
    matrix.restoreRows(0..<matrix.outputs, from: rows.span, into: &target)
    return values
  }

  /// Unpacks W row by row, K in stored order, with scales applied and equalization undone.
  private func unpack(into rows: UnsafeMutableBufferPointer<Float>) {
    let (n, k) = (matrix.outputs, matrix.inputs)
    let paddedInputs = matrix.shape.paddedInputs
    weights.bytes(of: tensor).withUnsafeBytes { bytes in
      guard let stored = bytes.baseAddress, let target = rows.baseAddress else { return }
      switch tensor.precision {
      case .fp32:
        pk_unpack_f32(n, k, paddedInputs, stored.assumingMemoryBound(to: Float.self), target, k)
      case .fp16:
        pk_unpack_f16(n, k, paddedInputs, stored.assumingMemoryBound(to: UInt16.self), target, k)
      case .int8:
        pk_unpack_s8(n, k, paddedInputs, stored.assumingMemoryBound(to: Int8.self), scales, target, k)
      }
    }
    undoEqualization(rows)
  }

  private func undoEqualization(_ rows: UnsafeMutableBufferPointer<Float>) {
    guard columnFactors != nil || rowFactors != nil else { return }
    let columns = columnFactors ?? [Float](repeating: 1, count: matrix.inputs)
    for output in 0..<matrix.outputs {
      let rowFactor = rowFactors?[output] ?? 1
      let start = output * matrix.inputs
      for input in 0..<matrix.inputs { rows[start + input] *= columns[input] * rowFactor }
    }
  }
}

/// A row-major table whose padding is removed.
struct RestoredTable {
  private let weights: BundleWeights
  private let tensor: StoredTensor
  private let width: Int
  private let scales: [Float]

  init(_ weights: BundleWeights, _ parameter: Parameter) throws(ReadError) {
    self.weights = weights
    tensor = try weights.stored(parameter.name)
    width = parameter.shape[1]
    scales =
      tensor.precision == .int8 ? try weights.companion(parameter, ".scale", count: parameter.shape[0]) : []
  }

  /// What 1 is restored as, of an int8 table.
  var steps: RoundingSteps { RoundingSteps(values: scales, width: width) }

  func read(from first: Int, into output: UnsafeMutableBufferPointer<Float>) {
    precondition(first >= 0 && first + output.count <= tensor.shape[0] * width)
    let bytes = weights.bytes(of: tensor)
    var written = 0
    while written < output.count {
      let (row, column) = (first + written).quotientAndRemainder(dividingBy: width)
      let count = min(width - column, output.count - written)
      let target = UnsafeMutableBufferPointer(rebasing: output[written..<written + count])
      copy(row, from: column, of: bytes, into: target)
      written += count
    }
  }

  private func copy(
    _ row: Int, from column: Int, of bytes: RawSpan, into target: UnsafeMutableBufferPointer<Float>
  ) {
    let first = row * tensor.shape[1] + column
    switch tensor.precision {
    case .fp32:
      for index in 0..<target.count {
        target[index] = bytes.unsafeLoadUnaligned(fromByteOffset: 4 * (first + index), as: Float.self)
      }
    case .fp16:
      for index in 0..<target.count {
        let bits = bytes.unsafeLoadUnaligned(fromByteOffset: 2 * (first + index), as: UInt16.self)
        target[index] = pk_f16_to_f32(bits)
      }
    case .int8:
      for index in 0..<target.count {
        let value = bytes.unsafeLoad(fromByteOffset: first + index, as: Int8.self)
        target[index] = Float(value) * scales[row]
      }
    }
  }
}
