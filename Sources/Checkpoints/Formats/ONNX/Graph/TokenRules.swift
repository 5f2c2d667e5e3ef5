internal import Archives
internal import TensorTypes

// Rows of tables, the class token, and the pooled position of a text.
extension GraphInterpreter {
  mutating func gather() throws(ReadError) -> GraphValue {
    let axisNumber = Int(clamping: node.integer("axis") ?? 0)
    switch (try value(0), try value(1)) {
    case (.constant(let data), .constant(let indices)):
      return .constant(try gatheredConstant(data, indices, axis: try axis(axisNumber, of: data.layout)))
    case (.constant(let table), .activation(let ids)):
      guard try axis(axisNumber, of: table.layout) == 0 else { throw unclaimed("rows of a table") }
      return try lookup(table, ids)
    case (.activation(let data), .constant(let indices)):
      let axis = try axis(axisNumber, of: data.layout)
      if indices.pooling != nil {
        guard axis == 0, indices.shape.count <= 2 else { throw unclaimed("rows of tokens") }
        return try pooled(data, indices, tuples: try integers(indices).map { [$0] }, shape: indices.shape)
      }
      return .activation(data.viewed(try selected(data.layout, indices, axis)))
    case (.activation, .activation), (.dynamicScale, _), (.dynamicZeroPoint, _), (.integerProduct, _),
      (_, .dynamicScale), (_, .dynamicZeroPoint),
      (_, .integerProduct):
      throw unclaimed("rows of a table or a token")
    }
  }

  private mutating func lookup(_ table: GraphConstant, _ ids: Activation) throws(ReadError) -> GraphValue {
    guard case .ids = terms[ids.term].kind, (1...2).contains(table.shape.count), table.pooling == nil else {
      throw unclaimed("rows of a table at token ids")
    }
    // The scales of a table's rows are one number per id and have no axis of channels.
    let channels = Array(table.shape.dropFirst())
    let width = channels.first ?? 1
    let rows = ids.layout.axes.map { $0.map { TensorLayout.Run(count: $0.count, step: $0.step * width) } }
    guard ids.layout.start == 0 else { throw unclaimed("all token ids") }
    return try make(
      .lookup(table: table), terms[ids.term].shape + [width],
      TensorLayout(axes: rows + channels.map { [.init(count: $0, step: 1)] }))
  }

  private mutating func selected(
    _ layout: TensorLayout, _ indices: GraphConstant, _ axis: Int
  ) throws(ReadError) -> TensorLayout {
    let extent = layout.shape[axis]
    let list = try integers(indices).map { $0 < 0 ? $0 &+ extent : $0 }
    guard let first = list.first, (0..<extent).contains(first) else {
      throw unclaimed("an index below \(extent)")
    }
    let selected =
      indices.shape.isEmpty
      ? layout.selecting(axis, first)
      : first + list.count <= extent && list == Array(first..<first + list.count) && indices.shape.count == 1
        ? layout.slicing(axis, first..<first + list.count) : nil
    guard let selected else { throw unclaimed("neighbouring indices") }
    return selected
  }

  // MARK: The pooled position

  /// The position of the highest id, or of the first occurrence of one id.
  mutating func argMax() throws(ReadError) -> GraphValue {
    let ids = try activation(0)
    let shape = terms[ids.term].shape
    let axis = try axis(Int(clamping: node.integer("axis") ?? 0), of: ids.layout)
    guard shape.count == 2, axis == 1, ids.layout == TensorLayout(rowMajor: shape), ids.curve.isIdentity,
      try !flag("select_last_index")
    else { throw unclaimed("the first position of the highest id of each text") }
    let keepsAxis = try flag("keepdims", otherwise: true)
    var result = try numbers(
      (0..<shape[0]).map { sizes.position(ofText: $0) }, keepsAxis ? [shape[0], 1] : [shape[0]])
    if case .isID(let id) = terms[ids.term].kind {
      result.pooling = .firstID(id)
    } else {
      guard case .ids = terms[ids.term].kind else { throw unclaimed("token ids") }
      result.pooling = .highestID
    }
    return .constant(result)
  }

  mutating func gatherND() throws(ReadError) -> GraphValue {
    let indices = try constant(1)
    if case .constant(let data) = try value(0), indices.pooling == nil {
      return .constant(try gatheredTuples(data, indices))
    }
    let batchAxes = Int(clamping: node.integer("batch_dims") ?? 0)
    guard let depth = indices.shape.last, depth > 0, (0...1).contains(batchAxes), indices.pooling != nil,
      indices.shape.count == 2
    else { throw unclaimed("the pooled row of each text") }
    let numbers = try integers(indices)
    let tuples = (0..<indices.shape[0]).map { row in
      (batchAxes == 1 ? [row] : []) + numbers[row * depth..<(row + 1) * depth]
    }
    return try pooled(try floats(0), indices, tuples: tuples, shape: [indices.shape[0]])
  }

  /// torch.gather with the position repeated for each channel.
  mutating func gatherElements() throws(ReadError) -> GraphValue {
    let (data, indices) = (try floats(0), try constant(1))
    let shape = indices.shape
    guard try axis(Int(clamping: node.integer("axis") ?? 0), of: data.layout) == 1, shape.count == 3,
      shape[1] == 1,
      indices.pooling != nil, data.layout.rank == 3, shape[2] == data.layout.shape[2],
      indices.layout.axes[2].allSatisfy({ $0.step == 0 }), let column = indices.layout.selecting(2, 0)
    else { throw unclaimed("the pooled row of each text") }
    let positions = try integers(indices.viewed(column))
    return try pooled(data, indices, tuples: positions.enumerated().map { [$0, $1] }, shape: [shape[0], 1])
  }

  /// Rows of tokens at the pooled positions, one for each text.
  private mutating func pooled(
    _ data: Activation, _ indices: GraphConstant, tuples: [[Int]], shape rowShape: [Int]
  ) throws(ReadError) -> GraphValue {
    let shape = terms[data.term].shape
    guard let pooling = indices.pooling, data.quantization == nil, shape.count == 3, tuples.count == shape[0],
      rowShape.reduce(1, *) == shape[0],
      data.layout.axes.last == TensorLayout(axes: [[.init(count: shape[2], step: 1)]]).axes[0]
    else { throw unclaimed("the pooled row of each text") }
    for (text, tuple) in tuples.enumerated() {
      guard tuple.count == data.layout.rank - 1 else { throw unclaimed("the pooled row of each text") }
      var position = data.layout.start
      for (axis, index) in tuple.enumerated() {
        let extent = data.layout.shape[axis]
        let wrapped = index < 0 ? index &+ extent : index
        guard (0..<extent).contains(wrapped) else { throw unclaimed("a position of a text") }
        position += data.layout.offset(axis, wrapped)
      }
      guard position == (text * shape[1] + sizes.position(ofText: text)) * shape[2] else {
        throw unclaimed("the row at the pooled position of each text")
      }
    }
    return try make(
      .pooled(data.input, pooling), [shape[0], shape[2]], TensorLayout(rowMajor: rowShape + [shape[2]]))
  }

  // MARK: A token before the patches

  mutating func concatenated() throws(ReadError) -> GraphValue {
    var constants: [GraphConstant] = []
    var activations: [Activation] = []
    for index in node.inputs.indices {
      switch try value(index) {
      case .constant(let constant): constants.append(constant)
      case .activation(let activation): activations.append(activation)
      case .dynamicScale, .dynamicZeroPoint, .integerProduct: throw unclaimed("floats")
      }
    }
    if activations.isEmpty, !constants.isEmpty { return .constant(try concatenated(constants)) }
    if node.inputs.count == 1 { return try value(0) }
    guard node.inputs.count == 2, let map = activations.last, terms[map.term].shape.count == 4,
      case .activation = try value(1)
    else { throw unclaimed("a token before all patches") }
    let axis = try axis(Int(clamping: node.integer("axis") ?? 0), of: map.layout)
    let (kind, shape) = try prepended(map, axis: axis, class: constants.first, mean: activations.first)
    let layout = try tokens(map, axis: axis, shape)
    return try make(kind, shape, layout)
  }

  private mutating func prepended(
    _ map: Activation, axis: Int, class constant: GraphConstant?, mean: Activation?
  ) throws(ReadError) -> (Term.Kind, [Int]) {
    let shape = terms[map.term].shape
    let tokens = [shape[0], 1 + shape[2] * shape[3], shape[1]]
    guard map.quantization == nil else { throw unclaimed("floats") }
    var expected = map.layout.shape
    expected[axis] = 1
    guard let constant else {
      guard let mean, case .mapMean(let source) = terms[mean.term].kind, source.term == map.term,
        mean.curve.isIdentity, source.curve == map.curve, mean.layout.shape == expected
      else { throw unclaimed("the mean of all positions before them") }
      let steps = try self.tokens(map, axis: axis, [shape[0], 1, shape[1]])
      guard let row = steps.slicing(axis, 0..<1), row == mean.layout else {
        throw unclaimed("the mean of each map")
      }
      return (.meanToken(mean.term, before: map.input), tokens)
    }
    guard constant.shape == expected, constant.pooling == nil else { throw unclaimed("a class token") }
    var row = constant.layout
    for other in map.layout.axes.indices.reversed() {
      let isChannels = map.layout.axes[other].first?.step == shape[2] * shape[3] && other != axis
      if isChannels && map.layout.axes[other].first?.count == shape[1] { continue }
      if row.axes[other].contains(where: { $0.step != 0 }) {
        try requireEqualItems(constant, axis: other)
      }
      row = try row.selecting(other, 0).unwrap(or: unclaimed("a class token"))
    }
    guard row.shape == [shape[1]] else { throw unclaimed("a class token of \(shape[1]) channels") }
    return (.classToken(constant.viewed(row), before: map.input), tokens)
  }

  /// Requires that all items have the same class token.
  private mutating func requireEqualItems(_ constant: GraphConstant, axis: Int) throws(ReadError) {
    guard let first = constant.layout.selecting(axis, 0) else { throw unclaimed("a class token") }
    let expected = try numbers(constant.viewed(first))
    for index in 1..<max(constant.shape[axis], 1) {
      guard let layout = constant.layout.selecting(axis, index),
        try numbers(constant.viewed(layout)) == expected
      else { throw unclaimed("one class token") }
    }
  }

  /// Replaces the axes of patches by those of tokens.
  private func tokens(_ map: Activation, axis: Int, _ target: [Int]) throws(ReadError) -> TensorLayout {
    let shape = terms[map.term].shape
    let positions = shape[2] * shape[3]
    var axes: [[TensorLayout.Run]] = []
    var seen = 0
    for (other, runs) in map.layout.axes.enumerated() {
      if other == axis {
        guard runs == TensorLayout(axes: [[.init(count: positions, step: 1)]]).axes[0] else {
          throw unclaimed("all patches")
        }
        axes.append([.init(count: target[1], step: target[2])])
        continue
      }
      guard runs.count <= 1 else { throw unclaimed("patches of each image") }
      if let run = runs.first {
        let isItems = run.step == shape[1] * positions && run.count == shape[0]
        let isChannels = run.step == positions && run.count == shape[1]
        guard isItems || isChannels else { throw unclaimed("patches of each image") }
        axes.append([.init(count: run.count, step: isItems ? target[1] * target[2] : 1)])
        seen += 1
      } else {
        axes.append([])
      }
    }
    guard map.layout.start == 0, seen == (shape[0] > 1 ? 1 : 0) + (shape[1] > 1 ? 1 : 0) else {
      throw unclaimed("patches of each image")
    }
    return TensorLayout(axes: axes)
  }
}
