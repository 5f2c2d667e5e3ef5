internal import Archives
internal import TensorTypes

// Operations that move elements without changing their values.
extension GraphInterpreter {
  /// Rearranges a constant or an activation by the same rule.
  mutating func rearranged() throws(ReadError) -> GraphValue {
    switch try value(0) {
    case .constant(let constant):
      if let layout = try rearranged(constant.layout) { return .constant(constant.viewed(layout)) }
      // If no view exists, the constant is copied first.
      let copy = try computed(try numbers(constant), constant.shape, as: constant)
      if let layout = try rearranged(copy.layout) { return .constant(copy.viewed(layout)) }
      return .constant(try copied(copy))
    case .activation(let activation):
      guard let layout = try rearranged(activation.layout) else {
        throw unclaimed("heads, patches or tokens of \(activation.layout.shape)")
      }
      return .activation(activation.viewed(layout))
    case .dynamicScale, .dynamicZeroPoint, .integerProduct: return try value(0)
    }
  }

  private mutating func rearranged(_ layout: TensorLayout) throws(ReadError) -> TensorLayout? {
    switch node.operation {
    case "Transpose":
      return layout.permuted(node.integers("perm") ?? Array((0..<layout.rank).reversed()))
    case "Reshape": return layout.reshaped(try target(of: layout))
    case "Flatten":
      let axis = Int(clamping: node.integer("axis") ?? 1)
      let split = axis < 0 ? axis + layout.rank : axis
      guard (0...layout.rank).contains(split) else { throw unclaimed("an axis of \(layout.shape)") }
      let shape = layout.shape
      return layout.reshaped([shape[..<split].reduce(1, *), shape[split...].reduce(1, *)])
    case "Squeeze": return try squeezed(layout)
    case "Unsqueeze": return try unsqueezed(layout)
    case "Slice": return try sliced(layout)
    case "Expand":
      let target = try integers(try constant(1))
      guard let shape = Self.broadcast(layout.shape, target) else { throw unclaimed("a shape to expand to") }
      return layout.broadcast(shape)
    case "Tile":
      let counts = try integers(try constant(1))
      guard counts.count == layout.rank else { throw unclaimed("\(layout.rank) repeats") }
      let shape = layout.shape
      // Repeating more than one element is not a view.
      guard zip(shape, counts).allSatisfy({ $0 == 1 || $1 == 1 }) else { return nil }
      return layout.broadcast(zip(shape, counts).map { $0 == 1 ? $1 : $0 })
    default: throw unclaimed("an operation that moves elements")
    }
  }

  private mutating func target(of layout: TensorLayout) throws(ReadError) -> [Int] {
    var shape = try integers(try constant(1))
    let own = layout.shape
    if try !flag("allowzero") {
      for (axis, extent) in shape.enumerated() where extent == 0 && axis < own.count {
        shape[axis] = own[axis]
      }
    }
    let open = shape.indices.filter { shape[$0] == -1 }
    guard open.count <= 1, shape.allSatisfy({ $0 >= -1 }) else { throw unclaimed("a shape") }
    if let axis = open.first {
      shape[axis] = 1
      guard let known = TensorLayout.count(shape), known > 0, layout.count.isMultiple(of: known) else {
        throw unclaimed("a shape of \(layout.count) elements")
      }
      shape[axis] = layout.count / known
    }
    guard TensorLayout.count(shape) == layout.count else {
      throw unclaimed("a shape of \(layout.count) elements")
    }
    return shape
  }

  private mutating func squeezed(_ layout: TensorLayout) throws(ReadError) -> TensorLayout? {
    let shape = layout.shape
    var axes: [Int] = []
    for number in try integers(attribute: "axes", input: 1) ?? shape.indices.filter({ shape[$0] == 1 }) {
      axes.append(try axis(number, of: layout))
    }
    guard axes.allSatisfy({ shape[$0] == 1 }) else { throw unclaimed("axes of one element") }
    return layout.reshaped(shape.indices.filter { !axes.contains($0) }.map { shape[$0] })
  }

  private mutating func unsqueezed(_ layout: TensorLayout) throws(ReadError) -> TensorLayout? {
    let axes = try integers(attribute: "axes", input: 1) ?? []
    let rank = layout.rank + axes.count
    guard rank <= TensorLayout.largestRank else { throw unclaimed("fewer axes") }
    let positions = axes.map { $0 < 0 ? $0 + rank : $0 }.sorted()
    var layout = layout
    for position in positions {
      guard (0...layout.rank).contains(position) else { throw unclaimed("axes of \(rank)") }
      layout = layout.inserting(position)
    }
    return layout
  }

  private mutating func sliced(_ layout: TensorLayout) throws(ReadError) -> TensorLayout? {
    guard let starts = try integers(attribute: "starts", input: 1),
      let ends = try integers(attribute: "ends", input: 2), starts.count == ends.count
    else { throw unclaimed("starts and ends") }
    let axes = try integers(attribute: "axes", input: 3) ?? Array(starts.indices)
    let steps = try optionalConstant(4).map { constant throws(ReadError) in try integers(constant) }
    guard axes.count <= layout.rank else { throw unclaimed("each axis once") }
    guard axes.count == starts.count, steps?.allSatisfy({ $0 == 1 }) ?? true else { return nil }
    var layout = layout
    for (index, number) in axes.enumerated() {
      let axis = try axis(number, of: layout)
      let extent = layout.shape[axis]
      func clamp(_ bound: Int) -> Int {
        min(max(bound < 0 ? max(bound, -extent) + extent : bound, 0), extent)
      }
      let (first, end) = (clamp(starts[index]), clamp(ends[index]))
      guard let next = layout.slicing(axis, first..<max(first, end)) else { return nil }
      layout = next
    }
    return layout
  }

  /// A slice with steps, or a tile, of a computed constant.
  private mutating func copied(_ constant: GraphConstant) throws(ReadError) -> GraphConstant {
    guard node.operation == "Slice", let starts = try integers(attribute: "starts", input: 1),
      let ends = try integers(attribute: "ends", input: 2), starts.count == 1, ends.count == 1,
      let step = try optionalConstant(4).map({ constant throws(ReadError) in try integers(constant) })?.first,
      step != 0, step != .min
    else { throw unclaimed("a view of constants") }
    let axis = try axis(try integers(attribute: "axes", input: 3)?.first ?? 0, of: constant.layout)
    let extent = constant.shape[axis]
    func wrapped(_ bound: Int) -> Int { bound < 0 ? max(bound, -extent - 1) + extent : min(bound, extent) }
    let first = min(max(wrapped(starts[0]), 0), max(extent - 1, 0))
    let indices = extent == 0 ? [] : Array(stride(from: first, to: max(wrapped(ends[0]), -1), by: step))
    return try taken(constant, indices, axis: axis)
  }

  mutating func split() throws(ReadError) -> [GraphValue] {
    let input = try value(0)
    let layout = try Self.layout(of: input).unwrap(or: unclaimed("an activation"))
    let axis = try axis(Int(clamping: node.integer("axis") ?? 0), of: layout)
    let extent = layout.shape[axis]
    let count = node.outputs.count
    let even = (extent + count - 1) / max(count, 1)
    let sizes =
      try integers(attribute: "split", input: 1) ?? (0..<count).map { min(even, max(extent - $0 * even, 0)) }
    guard sizes.allSatisfy({ (0...extent).contains($0) }), sizes.reduce(0, +) == extent, sizes.count == count
    else {
      throw unclaimed("parts of \(extent)")
    }
    var parts: [GraphValue] = []
    var first = 0
    for size in sizes {
      guard let part = layout.slicing(axis, first..<first + size) else { throw unclaimed("parts of an axis") }
      parts.append(Self.viewed(input, part))
      first += size
    }
    return parts
  }

  static func layout(of value: GraphValue) -> TensorLayout? {
    switch value {
    case .constant(let constant): constant.layout
    case .activation(let activation): activation.layout
    case .dynamicScale, .dynamicZeroPoint, .integerProduct: nil
    }
  }

  static func viewed(_ value: GraphValue, _ layout: TensorLayout) -> GraphValue {
    switch value {
    case .constant(let constant): .constant(constant.viewed(layout))
    case .activation(let activation): .activation(activation.viewed(layout))
    case .dynamicScale, .dynamicZeroPoint, .integerProduct: value
    }
  }

  func shape() throws(ReadError) -> GraphConstant {
    let layout = try Self.layout(of: try value(0)).unwrap(or: unclaimed("a value with a shape"))
    let shape = layout.shape
    if node.operation == "Size" { return try numbers([layout.count], []) }
    func bound(_ name: String, _ otherwise: Int) -> Int {
      let number = Int(clamping: node.integer(name) ?? Int64(otherwise))
      return min(max(number < 0 ? number + shape.count : number, 0), shape.count)
    }
    let first = bound("start", 0)
    let part = Array(shape[first..<max(first, bound("end", shape.count))])
    return try numbers(part, [part.count])
  }

  /// Integers as a constant.
  func numbers(_ integers: [Int], _ shape: [Int]) throws(ReadError) -> GraphConstant {
    try charge(elements: integers.count)
    return try GraphConstant(integers.map(Double.init), shape: shape, .i64)
      .unwrap(or: unclaimed("a smaller shape"))
  }

  mutating func dropout() throws(ReadError) -> GraphValue {
    if let training = try optionalConstant(2), try numbers(training) != [0] {
      throw unclaimed("Dropout in inference mode")
    }
    return try value(0)
  }

  mutating func cast() throws(ReadError) -> GraphValue {
    let target = try ONNXElementType.dtype(of: ONNXTensor(dataType: node.integer("to") ?? 0))
    guard let target else { throw unclaimed("numbers") }
    switch try value(0) {
    case .constant(let constant):
      // Rounding a weight to another float type is below the precision of the model.
      let isRounded = target == .bf16 && !graph.hasBFloat16
      if constant.dtype == target || constant.dtype.isFloatingPoint && target.isFloatingPoint && !isRounded {
        return .constant(constant)
      }
      guard !isRounded else { throw unclaimed("a type of at least FP16") }
      let isInteger = !target.isFloatingPoint
      let numbers = try numbers(constant).map {
        target == .bool ? ($0 == 0 ? 0 : 1) : isInteger ? $0.rounded(.towardZero) : $0
      }
      return .constant(try computed(numbers, constant.shape, as: constant, target))
    case .activation(let activation):
      let kind = terms[activation.term].kind
      if kind.isOfIDs {
        // FP16 and bfloat16 cannot represent all ids. FP32 as an intermediate of ArgMax can.
        let keepsIDs = target.isFloatingPoint ? target == .f32 || target == .f64 : target.byteWidth >= 4
        guard keepsIDs || target == .bool else { throw unclaimed("ids of 32 bits") }
        if case .ids = kind, target == .bool { throw unclaimed("ids of 32 bits") }
      } else {
        guard target.isFloatingPoint, target != .bf16 || graph.hasBFloat16 else {
          throw unclaimed("a type of at least FP16")
        }
      }
      return .activation(activation)
    case .dynamicScale, .dynamicZeroPoint, .integerProduct:
      guard target.isFloatingPoint else { throw unclaimed("a float type") }
      return try value(0)
    }
  }

}

extension Optional {
  func unwrap(or error: ReadError) throws(ReadError) -> Wrapped {
    guard let self else { throw error }
    return self
  }
}
