internal import Architecture
internal import Output
internal import Quantization

/// Writes stored tensors from the canonical values of one parameter.
struct TensorEncoder {
  let kernels: WeightKernels
  let region: OutputFile.Region

  /// Values per step: inputs and outputs fit the second-level cache.
  private static var stepElementCount: Int { 1 << 16 }

  /// - Parameter values: the complete canonical tensor.
  func write(_ recipe: TensorRecipe, of values: Span<Float>, at offset: Int) throws(ExportError) {
    guard values.count == recipe.parameter.elementCount else {
      throw .weights(
        .elementCount(
          tensor: recipe.parameter.name, expected: recipe.parameter.elementCount, found: values.count))
    }
    let block = values.extracting(recipe.elements)
    guard let scaled = recipe.scaled(block) else { return try writeOrdered(recipe, of: block, at: offset) }
    try writeOrdered(recipe, of: scaled.span, at: offset)
  }

  private func writeOrdered(_ recipe: TensorRecipe, of block: Span<Float>, at offset: Int) throws(ExportError)
  {
    switch recipe.form {
    case .int8: return try writeElements(of: QuantizedMatrix(recipe, block, kernels), recipe, at: offset)
    case .int8Scale: return try write(QuantizedMatrix(recipe, block, kernels).scales.span.bytes, at: offset)
    case .float32, .float16: break
    }
    guard !recipe.keepsOrder else { return try writeFloats(recipe, of: block, at: offset) }
    let rearranged = block.permuted(shape: recipe.blockShape, axes: recipe.axes)
    try writeFloats(recipe, of: rearranged.span, at: offset)
  }

  private func writeElements(
    of matrix: QuantizedMatrix, _ recipe: TensorRecipe, at offset: Int
  ) throws(ExportError) {
    guard !recipe.keepsOrder else { return try write(matrix.elements.span.bytes, at: offset) }
    let rearranged = matrix.elements.span.permuted(shape: recipe.blockShape, axes: recipe.axes)
    try write(rearranged.span.bytes, at: offset)
  }

  private func writeFloats(_ recipe: TensorRecipe, of values: Span<Float>, at offset: Int) throws(ExportError)
  {
    guard recipe.form == .float16 else { return try write(values.bytes, at: offset) }
    var stored = [UInt8](repeating: 0, count: 2 * min(values.count, Self.stepElementCount))
    for start in stride(from: 0, to: values.count, by: Self.stepElementCount) {
      let step = values.extracting(start..<min(start + Self.stepElementCount, values.count))
      var target = stored.mutableSpan
      var bytes = target.mutableBytes
      if let index = kernels.narrow(step, into: &bytes, at: 0) {
        throw .weights(
          .overflowsFloat16(tensor: recipe.parameter.name, element: start + index, value: step[index]))
      }
      try write(stored.span.bytes.extracting(first: 2 * step.count), at: offset + 2 * start)
    }
  }

  private func write(_ bytes: RawSpan, at offset: Int) throws(ExportError) {
    try ExportError.ofOutput { () throws(OutputError) in try region.write(bytes, at: offset) }
  }
}

extension TensorRecipe {
  /// The block with its outputs and inputs multiplied by their factors; nil if there are none.
  fileprivate func scaled(_ block: Span<Float>) -> [Float]? {
    guard outputFactors != nil || inputFactors != nil else { return nil }
    let rowLength = blockShape.dropFirst().reduce(1, *)
    let (rowFactors, columnFactors) =
      outputAxis == 0 ? (outputFactors, inputFactors) : (inputFactors, outputFactors)
    return [Float](unsafeUninitializedCapacity: block.count) { output, count in
      for row in 0..<block.count / rowLength {
        let rowFactor = rowFactors?[row] ?? 1
        for column in 0..<rowLength {
          let index = row * rowLength + column
          output[index] = block[index] * (rowFactor * (columnFactors?[column] ?? 1))
        }
      }
      count = block.count
    }
  }
}

extension Span where Element: BitwiseCopyable {
  /// The values with their axes in another order, like a copy of NumPy's `transpose(axes)`.
  func permuted(shape: [Int], axes: [Int]) -> [Element] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
    let extents = axes.map { shape[$0] }
    let steps = axes.map { strides[$0] }
    var position = [Int](repeating: 0, count: extents.count)
    var source = 0
    return [Element](unsafeUninitializedCapacity: count) { output, initializedCount in
      for index in 0..<count {
        output[index] = self[source]
        for axis in extents.indices.reversed() {
          position[axis] += 1
          source += steps[axis]
          if position[axis] < extents[axis] { break }
          source -= extents[axis] * steps[axis]
          position[axis] = 0
        }
      }
      initializedCount = count
    }
  }
}
