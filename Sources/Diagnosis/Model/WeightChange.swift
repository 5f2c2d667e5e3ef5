internal import Architecture

/// A wrong reading of some weights: of another tensor, or in another order.
struct WeightChange: Sendable {
  typealias Reading = @Sendable (_ values: [Float], _ shape: [Int]) -> [Float]

  /// Whether a tensor, by its canonical name, is read differently.
  let affects: @Sendable (String) -> Bool
  /// The tensor that is read instead.
  let source: @Sendable (String) -> String
  /// The values that the port sees; the shape stays.
  let values: Reading

  init(affects: @escaping @Sendable (String) -> Bool, values: @escaping Reading) {
    self.affects = affects
    source = { $0 }
    self.values = values
  }

  init(affects: @escaping @Sendable (String) -> Bool, source: @escaping @Sendable (String) -> String) {
    self.affects = affects
    self.source = source
    values = { values, _ in values }
  }
}

extension WeightChange {
  /// The weights and biases of queries, keys and values.
  private static func inAttention(_ stack: String) -> @Sendable (String) -> Bool {
    { $0.hasPrefix(stack) && $0.contains(".attn.in_proj_") }
  }

  private static func named(_ name: String) -> @Sendable (String) -> Bool { { $0 == name } }

  /// The blocks of a tensor's first axis in another order.
  private static func blocks(_ values: [Float], size: Int, order: [Int]) -> [Float] {
    var result: [Float] = []
    result.reserveCapacity(values.count)
    for block in order { result += values[block * size..<(block + 1) * size] }
    return result
  }

  /// The blocks of queries, keys and values in another order.
  static func attentionBlocks(_ order: [Int], in stack: String) -> WeightChange {
    WeightChange(affects: inAttention(stack)) { values, _ in
      blocks(values, size: values.count / 3, order: order)
    }
  }

  /// Three blocks of queries, keys and values are read as if they alternated head by head.
  static func interleavedHeads(_ heads: Int, in stack: String) -> WeightChange {
    WeightChange(affects: inAttention(stack)) { values, _ in
      // Blocks of one head of one kind.
      let order = (0..<3).flatMap { kind in (0..<heads).map { 3 * $0 + kind } }
      return blocks(values, size: values.count / (3 * heads), order: order)
    }
  }

  /// Two tensors are read for each other.
  static func exchanged(_ first: String, _ second: String) -> WeightChange {
    WeightChange(
      affects: { $0.contains(first) || $0.contains(second) },
      source: {
        $0.contains(first)
          ? $0.replacing(first, with: second) : $0.replacing(second, with: first)
      })
  }

  /// Square matrices are read with rows and columns exchanged.
  static func transposed(_ affects: @escaping @Sendable (String) -> Bool) -> WeightChange {
    WeightChange(affects: affects) { values, shape in
      guard shape.count == 2, shape[0] == shape[1] else { return values }
      let side = shape[0]
      return (0..<values.count).map { values[$0 % side * side + $0 / side] }
    }
  }

  static func constant(
    _ value: Float, _ affects: @escaping @Sendable (String) -> Bool
  ) -> WeightChange {
    WeightChange(affects: affects) { values, _ in [Float](repeating: value, count: values.count) }
  }

  /// Position i gets the embedding of position i + offset; the ends repeat.
  static func shiftedPositions(_ offset: Int, in table: String) -> WeightChange {
    WeightChange(affects: named(table)) { values, shape in
      let order = (0..<shape[0]).map { min(max($0 + offset, 0), shape[0] - 1) }
      return blocks(values, size: shape[1], order: order)
    }
  }

  /// The grid of patches is read column by column; a position before the grid stays.
  static func transposedGrid(in table: String) -> WeightChange {
    WeightChange(affects: named(table)) { values, shape in
      let side = Int(Double(shape[0]).squareRoot())
      let prefix = shape[0] - side * side
      guard prefix <= 1 else { return values }
      let grid = (0..<side * side).map { prefix + $0 % side * side + $0 / side }
      let order = Array(0..<prefix) + grid
      return blocks(values, size: shape[1], order: order)
    }
  }

  /// The last two axes of a convolution's kernels are exchanged.
  static func transposedKernel(_ name: String) -> WeightChange {
    WeightChange(affects: named(name)) { values, shape in
      guard shape.count == 4, shape[2] == shape[3] else { return values }
      let side = shape[3]
      return (0..<values.count).map { index in
        let (plane, position) = index.quotientAndRemainder(dividingBy: side * side)
        return values[plane * side * side + position % side * side + position / side]
      }
    }
  }
}
