internal import Archives
internal import TensorTypes

// Constants computed from constants.
extension GraphInterpreter {
  mutating func constantNode() throws(ReadError) -> GraphConstant {
    let output = node.outputs.first ?? ""
    switch node.attributes["value"] ?? node.attributes["value_float"] ?? node.attributes["value_int"]
      ?? node.attributes["value_ints"] ?? node.attributes["value_floats"]
    {
    case .tensor(let record)?:
      guard let tensor = try loader.tensor(record), let constant = GraphConstant(tensor, origin: output)
      else {
        throw unclaimed("a tensor of numbers")
      }
      return constant
    case .float(let number)?: return try computed([Double(number)], [], .f32)
    case .integer(let number)?: return try computed([Double(number)], [], .i64)
    case .integers(let list)?: return try computed(list.map(Double.init), [list.count], .i64)
    case .floats(let list)?: return try computed(list.map { Double($0) }, [list.count], .f32)
    case .text?, .graph?, nil: throw unclaimed("a tensor of numbers")
    }
  }

  func computed(_ numbers: [Double], _ shape: [Int], _ dtype: DType) throws(ReadError) -> GraphConstant {
    try charge(elements: numbers.count)
    return try GraphConstant(numbers, shape: shape, dtype).unwrap(or: unclaimed("a smaller shape"))
  }

  /// Marks a result that is computed from a pooled position, or from quantized values, as such.
  func computed(
    _ numbers: [Double], _ shape: [Int], as source: GraphConstant, _ dtype: DType? = nil
  ) throws(ReadError) -> GraphConstant {
    var result = try computed(numbers, shape, dtype ?? source.dtype)
    (result.pooling, result.isDequantized, result.origin) = (
      source.pooling, source.isDequantized, source.origin
    )
    return result
  }

  static func broadcast(_ first: [Int], _ second: [Int]) -> [Int]? {
    let rank = max(first.count, second.count)
    let padded = [first, second].map { [Int](repeating: 1, count: rank - $0.count) + $0 }
    var shape: [Int] = []
    for (a, b) in zip(padded[0], padded[1]) {
      guard a == b || a == 1 || b == 1 else { return nil }
      shape.append(a == 1 ? b : a)
    }
    return TensorLayout.count(shape) == nil ? nil : shape
  }

  mutating func folded(
    _ operands: [GraphConstant], _ dtype: DType? = nil, _ function: ([Double]) -> Double
  ) throws(ReadError) -> GraphConstant {
    var shape: [Int] = []
    for operand in operands {
      shape = try Self.broadcast(shape, operand.shape).unwrap(or: unclaimed("shapes that broadcast"))
    }
    var columns: [[Double]] = []
    for operand in operands {
      guard let layout = operand.layout.broadcast(shape) else { throw unclaimed("shapes that broadcast") }
      columns.append(try numbers(operand.viewed(layout)))
    }
    var arguments = [Double](repeating: 0, count: operands.count)
    let result = (columns.first ?? []).indices.map { index in
      for (argument, column) in columns.enumerated() { arguments[argument] = column[index] }
      return function(arguments)
    }
    let model = operands.first { $0.pooling != nil } ?? operands[operands.count - 1]
    return try computed(result, shape, as: model, dtype ?? operands[operands.count - 1].dtype)
  }

  // MARK: Gather and Concat

  /// Elements of one axis of a constant at `indices`, as a copy.
  mutating func taken(
    _ constant: GraphConstant, _ indices: [Int], axis: Int, shape replacement: [Int]? = nil
  ) throws(ReadError) -> GraphConstant {
    let shape = constant.shape
    let inner = shape[(axis + 1)...].reduce(1, *)
    let outer = shape[..<axis].reduce(1, *)
    let target = Array(shape[..<axis]) + (replacement ?? [indices.count]) + Array(shape[(axis + 1)...])
    guard indices.allSatisfy({ (0..<shape[axis]).contains($0) }), TensorLayout.count(target) != nil else {
      throw unclaimed("indices of an axis of \(shape[axis])")
    }
    let source = try numbers(constant)
    // The product does not overflow, because it equals the count of `target`.
    try charge(elements: outer * indices.count * inner)
    var result: [Double] = []
    result.reserveCapacity(outer * indices.count * inner)
    for row in 0..<outer {
      for index in indices {
        let start = (row * shape[axis] + index) * inner
        result += source[start..<start + inner]
      }
    }
    return try computed(result, target, as: constant)
  }

  /// A gap-free row of indices is a view.
  mutating func gatheredConstant(
    _ constant: GraphConstant, _ indices: GraphConstant, axis: Int
  ) throws(ReadError) -> GraphConstant {
    let extent = constant.shape[axis]
    let list = try integers(indices).map { $0 < 0 ? $0 &+ extent : $0 }
    var result: GraphConstant
    if indices.shape.isEmpty, let layout = constant.layout.selecting(axis, list[0]) {
      result = constant.viewed(layout)
    } else if let first = list.first, (0..<extent).contains(first), first + list.count <= extent,
      list == Array(first..<first + list.count),
      let part = constant.layout.slicing(axis, first..<first + list.count),
      let layout = part.reshaped(
        Array(constant.shape[..<axis]) + indices.shape + Array(constant.shape[(axis + 1)...]))
    {
      result = constant.viewed(layout)
    } else {
      result = try taken(constant, list, axis: axis, shape: indices.shape)
    }
    result.pooling = constant.pooling ?? indices.pooling
    return result
  }

  /// GatherND of a constant: the elements at tuples of indices.
  mutating func gatheredTuples(
    _ constant: GraphConstant, _ indices: GraphConstant
  ) throws(ReadError) -> GraphConstant {
    guard let depth = indices.shape.last, depth == constant.shape.count, depth > 0,
      node.integer("batch_dims") ?? 0 == 0
    else { throw unclaimed("one index for each axis of \(constant.shape)") }
    let (source, tuples) = (try numbers(constant), try integers(indices))
    var result: [Double] = []
    for first in stride(from: 0, to: tuples.count, by: depth) {
      var position = 0
      for (axis, extent) in constant.shape.enumerated() {
        let index = tuples[first + axis] < 0 ? tuples[first + axis] &+ extent : tuples[first + axis]
        guard (0..<extent).contains(index) else { throw unclaimed("indices of \(constant.shape)") }
        position = position * extent + index
      }
      result.append(source[position])
    }
    return try computed(result, Array(indices.shape.dropLast()), as: constant)
  }

  mutating func concatenated(_ constants: [GraphConstant]) throws(ReadError) -> GraphConstant {
    let axis = try axis(Int(clamping: node.integer("axis") ?? 0), of: constants[0].layout)
    var shape = constants[0].shape
    shape[axis] = 0
    var parts: [[Double]] = []
    for constant in constants {
      guard constant.shape.count == shape.count,
        shape.indices.allSatisfy({ $0 == axis || constant.shape[$0] == shape[$0] })
      else { throw unclaimed("shapes that differ in one axis") }
      shape[axis] += constant.shape[axis]
      parts.append(try numbers(constant))
    }
    var result: [Double] = []
    for row in 0..<shape[..<axis].reduce(1, *) {
      for (part, constant) in zip(parts, constants) {
        let length = constant.shape[axis...].reduce(1, *)
        result += part[row * length..<(row + 1) * length]
      }
    }
    let model = constants.first { $0.pooling != nil } ?? constants[0]
    return try computed(result, shape, as: model)
  }

  // MARK: Masks and counts

  mutating func generated() throws(ReadError) -> GraphConstant {
    switch node.operation {
    case "ConstantOfShape":
      let shape = try integers(try constant(0))
      var fill = try computed([0], [], .f32)
      if case .tensor(let record)? = node.attributes["value"], let tensor = try loader.tensor(record),
        let constant = GraphConstant(tensor, origin: ""), constant.count == 1
      {
        fill = try computed(try numbers(constant), [], constant.dtype)
      }
      guard let layout = fill.layout.broadcast(shape) else { throw unclaimed("a shape") }
      return fill.viewed(layout)
    case "Range":
      let (start, limit, step) = (
        try numbers(try constant(0)), try numbers(try constant(1)), try numbers(try constant(2))
      )
      guard let first = start.first, let end = limit.first, let step = step.first, step != 0,
        ((end - first) / step).magnitude < 0x1p20
      else { throw unclaimed("a range of at most 2^20 numbers") }
      try charge(elements: Int(((end - first) / step).magnitude) + 1)
      let numbers = Array(stride(from: first, to: end, by: step))
      return try computed(numbers, [numbers.count], as: try constant(0))
    case "Trilu": return try triangle()
    case "CumSum":
      let constant = try constant(0)
      guard constant.shape.count > 0, let axis = try integers(try self.constant(1)).first,
        axis == -1 || axis == constant.shape.count - 1,
        try !flag("exclusive"), try !flag("reverse")
      else { throw unclaimed("sums along the last axis") }
      var sum = 0.0
      let width = max(constant.shape[constant.shape.count - 1], 1)
      let sums = try numbers(constant).enumerated().map { (index: Int, number: Double) -> Double in
        sum = index % width == 0 ? number : sum + number
        return sum
      }
      return try computed(sums, constant.shape, as: constant)
    default: return try scattered()
    }
  }

  private mutating func triangle() throws(ReadError) -> GraphConstant {
    let constant = try constant(0)
    guard constant.shape.count >= 2 else { throw unclaimed("a matrix") }
    let shift =
      try optionalConstant(1).map { constant throws(ReadError) in try integers(constant) }?.first ?? 0
    guard shift.magnitude < 1 << 40 else { throw unclaimed("a diagonal of the matrix") }
    let isUpper = try flag("upper", otherwise: true)
    let (rows, columns) = (constant.shape[constant.shape.count - 2], constant.shape[constant.shape.count - 1])
    let kept = try numbers(constant).enumerated().map { index, number in
      let (row, column) = (index / columns % rows, index % columns)
      return isUpper ? (column >= row + shift ? number : 0) : (column <= row + shift ? number : 0)
    }
    return try computed(kept, constant.shape, as: constant)
  }

  private mutating func scattered() throws(ReadError) -> GraphConstant {
    let (data, indices, updates) = (try constant(0), try constant(1), try constant(2))
    guard let depth = indices.shape.last, depth <= data.shape.count, depth > 0,
      node.attributes["reduction"] == nil,
      indices.pooling == nil
    else { throw unclaimed("positions of \(data.shape)") }
    let inner = data.shape[depth...].reduce(1, *)
    var result = try numbers(data)
    let (tuples, values) = (try integers(indices), try numbers(updates))
    guard tuples.count / depth * inner == values.count else {
      throw unclaimed("as many updates as positions")
    }
    for row in 0..<tuples.count / depth {
      var position = 0
      for axis in 0..<depth {
        let extent = data.shape[axis]
        let index = tuples[row * depth + axis]
        let wrapped = index < 0 ? index &+ extent : index
        guard (0..<extent).contains(wrapped) else { throw unclaimed("positions of \(data.shape)") }
        position = position * extent + wrapped
      }
      for column in 0..<inner { result[position * inner + column] = values[row * inner + column] }
    }
    return try computed(result, data.shape, as: data)
  }
}
