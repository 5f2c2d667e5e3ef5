internal import Archives
internal import TensorTypes

// Linear layers, convolutions and norms.
extension GraphInterpreter {
  // MARK: Products

  mutating func matMul() throws(ReadError) -> GraphValue {
    switch (try value(0), try value(1)) {
    case (.activation(let rows), .constant(let matrix)): return try product(rows, matrix)
    case (.activation(let a), .activation(let b)): return try product(a, b)
    case (.constant, _), (_, .dynamicScale), (_, .dynamicZeroPoint), (_, .integerProduct), (.dynamicScale, _),
      (.dynamicZeroPoint, _), (.integerProduct, _):
      throw unclaimed("rows times a matrix")
    }
  }

  mutating func gemm() throws(ReadError) -> GraphValue {
    guard node.float("alpha") ?? 1 == 1, node.float("beta") ?? 1 == 1, try !flag("transA") else {
      throw unclaimed("rows times a matrix, plus a bias")
    }
    let isTransposed = try flag("transB")
    if case .activation(var other) = try value(1) {
      guard node.input(2) == nil else { throw unclaimed("rows times rows") }
      if isTransposed, let layout = other.layout.permuted([1, 0]) { other = other.viewed(layout) }
      return try product(try floats(0), other)
    }
    var matrix = try constant(1)
    if isTransposed {
      matrix = matrix.viewed(try matrix.layout.permuted([1, 0]).unwrap(or: unclaimed("a matrix")))
    }
    let result = try product(try floats(0), matrix)
    guard let bias = try optionalConstant(2), case .activation(let activation) = result else { return result }
    return try shifted(activation, bias)
  }

  mutating func product(_ rows: Activation, _ matrix: GraphConstant) throws(ReadError) -> GraphValue {
    let shape = terms[rows.term].shape
    guard rows.quantization == nil, matrix.pooling == nil, let width = shape.last, matrix.shape.count == 2,
      matrix.shape[0] == width, matrix.dtype.isFloatingPoint,
      let layout = rows.layout.replacingRows(of: width, with: matrix.shape[1])
    else { throw unclaimed("complete rows times a matrix of floats") }
    return try make(.product(rows.input, matrix: matrix), shape.dropLast() + [matrix.shape[1]], layout)
  }

  // MARK: Convolutions

  mutating func convolution() throws(ReadError) -> GraphValue {
    let kernel = try constant(1)
    return try convolution(node, try floats(0), kernel, bias: try optionalConstant(2))
  }

  mutating func convolution(
    _ node: ONNXNode, _ map: Activation, _ kernel: GraphConstant, bias: GraphConstant?
  ) throws(ReadError) -> GraphValue {
    let shape = terms[map.term].shape
    guard shape.count == 4, map.layout == TensorLayout(rowMajor: shape), kernel.shape.count == 4,
      kernel.shape[1] == shape[1], kernel.shape[2] == kernel.shape[3], kernel.dtype.isFloatingPoint,
      bias?.shape ?? [kernel.shape[0]] == [kernel.shape[0]]
    else { throw unclaimed("a square kernel on a map of \(shape)") }
    let size = kernel.shape[2]
    guard let window = window(node, size: size), node.integer("group") ?? 1 == 1 else {
      throw unclaimed("a convolution with equal strides and pads, without groups and dilations")
    }
    let extent = (2...3).map { (shape[$0] + 2 * window.padding - size) / window.stride + 1 }
    guard extent.allSatisfy({ $0 > 0 }), size <= shape[2] + 2 * window.padding else {
      throw unclaimed("a larger map")
    }
    return try make(
      .convolution(map.input, kernel: kernel, bias: bias, stride: window.stride, padding: window.padding),
      [shape[0], kernel.shape[0]] + extent)
  }

  /// The stride and padding that both axes share; nil if they differ, or if there are dilations.
  private func window(_ node: ONNXNode, size: Int) -> (stride: Int, padding: Int)? {
    let strides = node.integers("strides") ?? [1, 1]
    let pads = node.integers("pads") ?? [0, 0, 0, 0]
    let isPlain =
      ["NOTSET", "VALID"].contains(node.text("auto_pad") ?? "NOTSET")
      && node.integers("kernel_shape") ?? [size, size] == [size, size] && node.integer("ceil_mode") ?? 0 == 0
      && (node.integers("dilations") ?? [1, 1]).allSatisfy { $0 == 1 }
    guard isPlain, strides.count == 2, pads.count == 4, Set(strides).count == 1, Set(pads).count == 1,
      (1...1 << 16).contains(strides[0]), (0...1 << 16).contains(pads[0])
    else { return nil }
    return (strides[0], pads[0])
  }

  mutating func averagePool() throws(ReadError) -> GraphValue {
    let map = try floats(0)
    let shape = terms[map.term].shape
    guard shape.count == 4, map.layout == TensorLayout(rowMajor: shape) else { throw unclaimed("a map") }
    if node.operation == "GlobalAveragePool" { return try mapMean(map, keepsAxes: true, axes: [2, 3]) }
    guard let size = node.integers("kernel_shape")?.first, size > 0, let window = window(node, size: size),
      window.stride == size, window.padding == 0, size <= shape[2], size <= shape[3]
    else { throw unclaimed("adjacent squares") }
    if size == 1 { return .activation(map) }
    return try make(.averagePool(map.input, size: size), shape[..<2] + [shape[2] / size, shape[3] / size])
  }

  mutating func batchNorm() throws(ReadError) -> GraphValue {
    let map = try floats(0)
    let shape = terms[map.term].shape
    var parts: [GraphConstant] = []
    for index in 1...4 { parts.append(try constant(index)) }
    guard shape.count == 4, map.layout == TensorLayout(rowMajor: shape),
      node.integer("training_mode") ?? 0 == 0,
      node.integer("spatial") ?? 1 == 1, node.outputs.dropFirst().allSatisfy(\.isEmpty),
      parts.allSatisfy({ $0.shape == [shape[1]] })
    else { throw unclaimed("BatchNorm in inference mode on a map") }
    return try make(.batchNorm(map.input, parts: parts, epsilon: node.float("epsilon") ?? 1e-5), shape)
  }

  // MARK: Norms of rows

  mutating func layerNorm() throws(ReadError) -> GraphValue {
    let rows = try floats(0)
    let shape = terms[rows.term].shape
    let axis = try axis(Int(clamping: node.integer("axis") ?? -1), of: rows.layout)
    guard axis == rows.layout.rank - 1, rows.curve.isIdentity, let width = shape.last,
      rows.layout.replacingRows(of: width, with: width) != nil, node.outputs.dropFirst().allSatisfy(\.isEmpty)
    else { throw unclaimed("LayerNorm over complete rows") }
    let epsilon = Double(node.float("epsilon") ?? 1e-5)
    guard
      case .activation(let normalized) = try make(
        .normalized(rows.term, epsilon: epsilon), shape, rows.layout),
      case .activation(let scaled) = try scaled(normalized, try constant(1))
    else { throw unclaimed("LayerNorm over complete rows") }
    guard let bias = try optionalConstant(2) else { return .activation(scaled) }
    return try shifted(scaled, bias)
  }

  mutating func reduced() throws(ReadError) -> GraphValue {
    let axes = try integers(attribute: "axes", input: 1)
    guard case .activation(let activation) = try value(0) else { return .constant(try reducedConstant(axes)) }
    guard activation.quantization == nil, let axes,
      node.integer("noop_with_empty_axes") ?? 0 == 0 || !axes.isEmpty
    else { throw unclaimed("axes") }
    var numbers: Set<Int> = []
    for number in axes { numbers.insert(try axis(number, of: activation.layout)) }
    let keepsAxes = try flag("keepdims", otherwise: true)
    let shape = terms[activation.term].shape
    if shape.count == 4 {
      guard node.operation == "ReduceMean" else { throw unclaimed("the mean of a map") }
      return try mapMean(activation, keepsAxes: keepsAxes, axes: numbers)
    }
    guard numbers == [activation.layout.rank - 1], let width = shape.last,
      var layout = activation.layout.replacingRows(of: width, with: 1)
    else { throw unclaimed("complete rows") }
    if !keepsAxes { layout = TensorLayout(start: layout.start, axes: Array(layout.axes.dropLast())) }
    return try make(try rowTerm(activation), shape.dropLast() + [1], layout)
  }

  private func rowTerm(_ rows: Activation) throws(ReadError) -> Term.Kind {
    switch node.operation {
    case "ReduceMean":
      if rows.curve.isIdentity { return .mean(rows.term) }
      guard rows.curve.isSquare, case .centred(let source) = terms[rows.term].kind else { break }
      return .variance(source)
    case "ReduceSum":
      guard rows.curve.isSquare else { break }
      return .sumOfSquares(Term.Input(term: rows.term, curve: .identity, layout: rows.layout, bender: nil))
    case "ReduceSumSquare": return .sumOfSquares(rows.input)
    case "ReduceL2": return .length(rows.input)
    default: break
    }
    throw unclaimed("a mean, a variance or a length")
  }

  private mutating func reducedConstant(_ axes: [Int]?) throws(ReadError) -> GraphConstant {
    let constant = try constant(0)
    let operation = node.operation
    guard axes == nil || axes?.count == constant.shape.count, constant.pooling == nil else {
      throw unclaimed("all axes")
    }
    let numbers = try numbers(constant)
    let result: Double
    switch operation {
    case "ReduceMean": result = numbers.reduce(0, +) / Double(max(numbers.count, 1))
    case "ReduceSum": result = numbers.reduce(0, +)
    case "ReduceMax": result = numbers.max() ?? 0
    case "ReduceMin": result = numbers.min() ?? 0
    case "ReduceProd": result = numbers.reduce(1, *)
    default: throw unclaimed("a sum, product or extremum")
    }
    let keepsAxes = try flag("keepdims", otherwise: true)
    return try computed([result], keepsAxes ? constant.shape.map { _ in 1 } : [], as: constant)
  }

  /// The mean over all positions of a map.
  private mutating func mapMean(
    _ map: Activation, keepsAxes: Bool, axes: Set<Int>
  ) throws(ReadError) -> GraphValue {
    let shape = terms[map.term].shape
    let positions = [TensorLayout.Run(count: shape[2] * shape[3], step: 1)]
    let averaged = TensorLayout(axes: [axes.sorted().flatMap { map.layout.axes[$0] }])
    guard map.layout.start == 0, averaged == TensorLayout(axes: [positions]) else {
      throw unclaimed("the mean of all positions")
    }
    var rows: [[TensorLayout.Run]] = []
    for (axis, runs) in map.layout.axes.enumerated() {
      if axes.contains(axis) {
        if keepsAxes { rows.append([]) }
        continue
      }
      rows.append(runs.map { TensorLayout.Run(count: $0.count, step: $0.step / (shape[2] * shape[3])) })
    }
    return try make(.mapMean(map.input), Array(shape[..<2]), TensorLayout(axes: rows))
  }

  mutating func lpNormalization() throws(ReadError) -> GraphValue {
    let rows = try floats(0)
    let shape = terms[rows.term].shape
    guard node.integer("p") ?? 2 == 2,
      try axis(Int(clamping: node.integer("axis") ?? -1), of: rows.layout) == rows.layout.rank - 1,
      let width = shape.last, rows.layout.replacingRows(of: width, with: width) != nil
    else { throw unclaimed("complete rows") }
    return try make(.unit(rows.input), shape, rows.layout)
  }
}
