internal import Archives
internal import TensorTypes

#if canImport(Glibc)
  private import Glibc
#else
  private import Darwin
#endif

// Element-wise operations.
extension GraphInterpreter {
  mutating func arithmetic() throws(ReadError) -> GraphValue {
    let operation = node.operation
    switch (try value(0), try value(1)) {
    case (.constant(let a), .constant(let b)):
      let isInteger = !a.dtype.isFloatingPoint
      return .constant(
        try folded([a, b], a.dtype) { Self.computed(operation, $0[0], $0[1], isInteger: isInteger) })
    case (.activation(let a), .constant(let b)): return try combined(a, b, isSwapped: false)
    case (.constant(let a), .activation(let b)): return try combined(b, a, isSwapped: true)
    case (.activation(let a), .activation(let b)): return try combined(a, b)
    case (
      .integerProduct(let product, let input, let id, let weight, let zeroPoint),
      .dynamicScale(let scale, let factor)
    ),
      (
        .dynamicScale(let scale, let factor),
        .integerProduct(let product, let input, let id, let weight, let zeroPoint)
      ):
      guard operation == "Mul", scale == id, let factor else { throw unclaimed("the product's own scales") }
      return try scaled(product, input, weight, zeroPoint, factor)
    case (.dynamicScale(let id, nil), .constant(let factor)),
      (.constant(let factor), .dynamicScale(let id, nil)):
      guard operation == "Mul" else { throw unclaimed("a product of scales") }
      return .dynamicScale(id, times: factor)
    case (.dynamicScale, _), (.dynamicZeroPoint, _), (.integerProduct, _), (_, .dynamicScale),
      (_, .dynamicZeroPoint),
      (_, .integerProduct):
      throw unclaimed("numbers")
    }
  }

  private static func computed(_ operation: String, _ a: Double, _ b: Double, isInteger: Bool = false)
    -> Double
  {
    switch operation {
    case "Add": a + b
    case "Sub": a - b
    case "Mul": a * b
    case "Div": isInteger ? (b == 0 ? 0 : (a / b).rounded(.towardZero)) : a / b
    default: pow(a, b)
    }
  }

  // MARK: Activations and constants

  private mutating func combined(
    _ activation: Activation, _ constant: GraphConstant, isSwapped: Bool
  ) throws(ReadError) -> GraphValue {
    guard activation.quantization == nil, constant.pooling == nil else { throw unclaimed("floats") }
    let operation = node.operation
    try requireNoIDs(activation)
    if operation == "Add", constant.count > 1 {
      if case .scores = terms[activation.term].kind { return try masked(activation, constant) }
      if case .masked = terms[activation.term].kind {
        // transformers adds a padding mask to the causal mask. Without pads the padding mask is zero.
        guard try numbers(constant).allSatisfy({ $0 == 0 }) else { throw unclaimed("one causal mask") }
        return .activation(activation)
      }
    }
    if constant.count == 1 {
      let number = try numbers(constant)[0]
      guard constant.shape.count <= activation.layout.rank else { throw unclaimed("a shape that stays") }
      return .activation(
        activation.mapped {
          isSwapped ? Self.computed(operation, number, $0) : Self.computed(operation, $0, number)
        })
    }
    if operation == "Add",
      case .convolution(let input, let kernel, nil, let stride, let padding) = terms[activation.term].kind,
      constant.shape == [1, kernel.shape[0], 1, 1], activation.curve.isIdentity,
      activation.layout == TensorLayout(rowMajor: terms[activation.term].shape),
      let bias = constant.layout.reshaped([kernel.shape[0]])
    {
      return try make(
        .convolution(input, kernel: kernel, bias: constant.viewed(bias), stride: stride, padding: padding),
        terms[activation.term].shape)
    }
    let vector = Array(constant.shape.drop { $0 == 1 })
    switch operation {
    case "Mul" where vector.count == 1: return try scaled(activation, constant)
    case "Add" where vector.count == 1: return try shifted(activation, constant)
    case "Add": return try placed(activation, constant)
    default: throw unclaimed("a number, a bias, a weight of LayerNorm or a table of positions")
    }
  }

  private func channels(_ activation: Activation, _ constant: GraphConstant) throws(ReadError)
    -> GraphConstant
  {
    let width = terms[activation.term].shape.last ?? 0
    guard constant.count == width, activation.layout.replacingRows(of: width, with: width) != nil,
      constant.shape.count <= activation.layout.rank, let layout = constant.layout.reshaped([width])
    else { throw unclaimed("one number for each of \(width) channels") }
    return constant.viewed(layout)
  }

  mutating func scaled(_ activation: Activation, _ constant: GraphConstant) throws(ReadError) -> GraphValue {
    let vector = try channels(activation, constant)
    return try make(.scaled(activation.input, by: vector), terms[activation.term].shape, activation.layout)
  }

  mutating func shifted(_ activation: Activation, _ constant: GraphConstant) throws(ReadError) -> GraphValue {
    let vector = try channels(activation, constant)
    return try make(.shifted(activation.input, by: vector), terms[activation.term].shape, activation.layout)
  }

  /// Adds a table of positions, the same for each item of the batch.
  private mutating func placed(_ activation: Activation, _ constant: GraphConstant) throws(ReadError)
    -> GraphValue
  {
    let shape = terms[activation.term].shape
    guard shape.count == 3, activation.curve.isIdentity, activation.layout.start == 0,
      let layout = constant.layout.broadcast(activation.layout.shape)
    else { throw unclaimed("a table of positions") }
    var table = [[TensorLayout.Run]](repeating: [], count: 2)
    let steps = [shape[1] * shape[2], shape[2], 1]
    for (own, other) in zip(activation.layout.axes, layout.axes) {
      guard own.count <= 1, other.count <= 1 else { throw unclaimed("a table of positions") }
      guard let run = own.first,
        let axis = shape.indices.first(where: { steps[$0] == run.step && shape[$0] == run.count })
      else { continue }
      if axis == 0 {
        guard other.allSatisfy({ $0.step == 0 }) || shape[0] == 1 else {
          throw unclaimed("one table for every item")
        }
      } else {
        table[axis - 1] = other
      }
    }
    let view = constant.viewed(TensorLayout(start: layout.start, axes: table))
    guard view.shape == Array(shape[1...]) else { throw unclaimed("positions of \(shape[1...])") }
    return try make(.placed(activation.input, table: view), shape, activation.layout)
  }

  // MARK: Two activations

  private mutating func combined(_ a: Activation, _ b: Activation) throws(ReadError) -> GraphValue {
    guard a.quantization == nil, b.quantization == nil else { throw unclaimed("floats") }
    let operation = node.operation
    if a.term == b.term, a.layout == b.layout {
      var result = a
      result.curve = a.curve.combined(b.curve) { Self.computed(operation, $0, $1) }
      return .activation(result)
    }
    switch operation {
    case "Add":
      guard a.layout == b.layout, terms[a.term].shape == terms[b.term].shape else {
        throw unclaimed("a residual and its branch, of equal axes")
      }
      return try make(.sum(a.input, b.input), terms[a.term].shape, a.layout)
    case "Sub":
      guard case .mean(let term) = terms[b.term].kind, term == a.term, a.curve.isIdentity, b.curve.isIdentity,
        haveEqualRows(a, b)
      else { throw unclaimed("a row minus its mean") }
      return try make(.centred(a.term), terms[a.term].shape, a.layout)
    case "Div": return try divided(a, b)
    case "Mul":
      if let epsilon = b.curve.inverseRootEpsilon { return try normalized(a, b, epsilon) }
      if let epsilon = a.curve.inverseRootEpsilon { return try normalized(b, a, epsilon) }
      throw unclaimed("factors that one activation function has")
    default: throw unclaimed("two parts of a layer")
    }
  }

  /// Whether `b` has a single number, repeated or not, for each row of `a`.
  private func haveEqualRows(_ a: Activation, _ b: Activation) -> Bool {
    let width = terms[a.term].shape.last ?? 0
    guard let rows = a.layout.replacingRows(of: width, with: 1), let last = b.layout.axes.last,
      last.allSatisfy({ $0.step == 0 })
    else { return false }
    return rows.start == b.layout.start && Array(rows.axes.dropLast()) == Array(b.layout.axes.dropLast())
  }

  private mutating func divided(_ a: Activation, _ b: Activation) throws(ReadError) -> GraphValue {
    guard haveEqualRows(a, b) else { throw unclaimed("a row and its length or deviation") }
    let divisor = terms[b.term].kind
    if case .variance = divisor {
      guard let epsilon = b.curve.rootEpsilon else { throw unclaimed("the root of variance and epsilon") }
      return try normalized(a, b, epsilon)
    }
    if case .length(let input) = divisor, input.term == a.term, a.curve == input.curve, isLength(b.curve) {
      return try make(.unit(a.input), terms[a.term].shape, a.layout)
    }
    if case .sumOfSquares(let input) = divisor, input.term == a.term, a.curve == input.curve,
      isLength(b.curve.mapped { $0 * $0 })
    {
      return try make(.unit(a.input), terms[a.term].shape, a.layout)
    }
    throw unclaimed("a row divided by its length or deviation")
  }

  private mutating func normalized(
    _ a: Activation, _ b: Activation, _ epsilon: Double
  ) throws(ReadError) -> GraphValue {
    guard case .centred(let source) = terms[a.term].kind, case .variance(let other) = terms[b.term].kind,
      source == other, a.curve.isIdentity, haveEqualRows(a, b)
    else { throw unclaimed("a centred row and its own variance") }
    return try make(.normalized(source, epsilon: epsilon), terms[a.term].shape, a.layout)
  }

  /// Whether the curve only changes the smallest lengths, as clipping of a norm does.
  private func isLength(_ curve: Curve) -> Bool {
    zip(Curve.points, curve.values).allSatisfy { $0 < 1e-3 || abs($1 - $0) <= 1e-5 * $0 }
  }

  // MARK: One operand

  /// - Throws: `onnxUnclaimedNode` for arithmetic on token ids.
  private func requireNoIDs(_ activation: Activation) throws(ReadError) {
    guard !terms[activation.term].kind.isOfIDs else { throw unclaimed("unchanged ids") }
  }

  mutating func elementwise() throws(ReadError) -> GraphValue {
    let function = try elementFunction()
    switch try value(0) {
    case .constant(let constant):
      return .constant(
        try computed(try numbers(constant).map(function), constant.shape, as: constant))
    case .activation(let activation):
      try requireNoIDs(activation)
      guard activation.quantization == nil else { throw unclaimed("floats") }
      // FastGelu adds its bias before the activation.
      if node.operation == "FastGelu", node.input(1) != nil {
        guard activation.curve.isIdentity,
          case .activation(let sum) = try shifted(activation, try constant(1))
        else {
          throw unclaimed("a linear layer")
        }
        return .activation(sum.mapped(function))
      }
      return .activation(activation.mapped(function))
    case .dynamicScale, .dynamicZeroPoint, .integerProduct: throw unclaimed("floats")
    }
  }

  private mutating func elementFunction() throws(ReadError) -> (Double) -> Double {
    switch node.operation {
    case "Sigmoid": return { 1 / (1 + exp(-$0)) }
    case "Tanh": return { tanh($0) }
    case "Erf": return { erf($0) }
    case "Exp": return { exp($0) }
    case "Log": return { log($0) }
    case "Sqrt": return { $0.squareRoot() }
    case "Neg": return { -$0 }
    case "Abs": return { abs($0) }
    case "Reciprocal": return { 1 / $0 }
    case "Relu": return { max($0, 0) }
    case "Floor": return { $0.rounded(.down) }
    case "Ceil": return { $0.rounded(.up) }
    case "Clip":
      let least = try limit("min", 1) ?? -.infinity
      let most = try limit("max", 2) ?? .infinity
      return { min(max($0, least), most) }
    case "FastGelu": return Curve.geluTanh
    case "QuickGelu":
      let alpha = Double(node.float("alpha") ?? 1.702)
      return { $0 / (1 + exp(-alpha * $0)) }
    default:
      switch node.text("approximate") ?? "none" {
      case "none": return { 0.5 * $0 * (1 + erf($0 / 2.0.squareRoot())) }
      case "tanh": return Curve.geluTanh
      default: throw unclaimed("an approximation of Gelu")
      }
    }
  }

  /// A limit of Clip, which is an attribute before opset 11.
  private mutating func limit(_ name: String, _ input: Int) throws(ReadError) -> Double? {
    if let number = node.float(name) { return Double(number) }
    guard let constant = try optionalConstant(input) else { return nil }
    return try numbers(constant).first
  }

  mutating func extremum() throws(ReadError) -> GraphValue {
    let isMaximum = node.operation == "Max"
    guard node.inputs.count == 2 else { throw unclaimed("two operands") }
    switch (try value(0), try value(1)) {
    case (.constant(let a), .constant(let b)):
      return .constant(try folded([a, b]) { isMaximum ? max($0[0], $0[1]) : min($0[0], $0[1]) })
    case (.activation(let a), .constant(let b)), (.constant(let b), .activation(let a)):
      try requireNoIDs(a)
      guard b.count == 1, a.quantization == nil, b.shape.count <= a.layout.rank else {
        throw unclaimed("a number")
      }
      let bound = try numbers(b)[0]
      return .activation(a.mapped { isMaximum ? max($0, bound) : min($0, bound) })
    case (.activation, .activation), (.dynamicScale, _), (.dynamicZeroPoint, _), (.integerProduct, _),
      (_, .dynamicScale), (_, .dynamicZeroPoint),
      (_, .integerProduct):
      throw unclaimed("a constant")
    }
  }

  // MARK: Conditions

  mutating func compared() throws(ReadError) -> GraphValue {
    let operation = node.operation
    if operation == "Not" {
      return .constant(try folded([try constant(0)], .bool) { $0[0] == 0 ? 1 : 0 })
    }
    if operation == "Equal" {
      let (first, second) = (try value(0), try value(1))
      if case .activation(let ids) = first, case .constant(let id) = second { return try isID(ids, id) }
      if case .constant(let id) = first, case .activation(let ids) = second { return try isID(ids, id) }
    }
    let result = try folded([try constant(0), try constant(1)], operation == "Mod" ? nil : .bool) { pair in
      let (a, b) = (pair[0], pair[1])
      func truth(_ isTrue: Bool) -> Double { isTrue ? 1 : 0 }
      switch operation {
      case "Equal": return truth(a == b)
      case "Less": return truth(a < b)
      case "LessOrEqual": return truth(a <= b)
      case "Greater": return truth(a > b)
      case "GreaterOrEqual": return truth(a >= b)
      case "And": return truth(a != 0 && b != 0)
      case "Or": return truth(a != 0 || b != 0)
      case "Xor": return truth((a != 0) != (b != 0))
      default: return b == 0 ? 0 : a - b * (a / b).rounded(.down)
      }
    }
    return .constant(result)
  }

  private mutating func isID(_ ids: Activation, _ constant: GraphConstant) throws(ReadError) -> GraphValue {
    guard case .ids = terms[ids.term].kind, constant.count == 1, constant.shape.count <= ids.layout.rank,
      let id = try integers(constant).first, id >= 0
    else { throw unclaimed("ids compared with one id") }
    return try make(.isID(id), terms[ids.term].shape, ids.layout)
  }

  /// Values of a tower are assumed not to be NaN.
  mutating func isNaN() throws(ReadError) -> GraphValue {
    switch try value(0) {
    case .constant(let constant): return .constant(try folded([constant], .bool) { $0[0].isNaN ? 1 : 0 })
    case .activation(let activation):
      let no = try computed([0], [], .bool)
      guard let layout = no.layout.broadcast(activation.layout.shape) else {
        throw unclaimed("a smaller shape")
      }
      return .constant(no.viewed(layout))
    case .dynamicScale, .dynamicZeroPoint, .integerProduct: throw unclaimed("floats")
    }
  }

  mutating func chosen() throws(ReadError) -> GraphValue {
    let condition = try constant(0)
    let (first, second) = (try value(1), try value(2))
    if case .constant(let a) = first, case .constant(let b) = second {
      var result = try folded([condition, a, b], a.dtype) { $0[0] != 0 ? $0[1] : $0[2] }
      result.pooling = condition.pooling ?? a.pooling ?? b.pooling
      return .constant(result)
    }
    guard condition.pooling == nil else { throw unclaimed("a condition on shapes") }
    let choices = Set(
      condition.layout.runs.allSatisfy { $0.step == 0 } ? [try uniform(condition)] : try numbers(condition))
    if choices.count == 1, let only = choices.first {
      let value = only != 0 ? first : second
      guard let layout = Self.layout(of: value), condition.shape.count <= layout.rank,
        Self.broadcast(condition.shape, layout.shape) == layout.shape
      else { throw unclaimed("a condition of the value's shape") }
      return value
    }
    switch (first, second) {
    case (.activation(let scores), .constant(let fill)):
      return try masked(scores, try folded([condition, fill], .f32) { $0[0] != 0 ? 0 : $0[1] })
    case (.constant(let fill), .activation(let scores)):
      return try masked(scores, try folded([condition, fill], .f32) { $0[0] == 0 ? 0 : $0[1] })
    case (.constant, .constant), (.activation, .activation), (.dynamicScale, _), (.dynamicZeroPoint, _),
      (.integerProduct, _), (_, .dynamicScale), (_, .dynamicZeroPoint),
      (_, .integerProduct):
      throw unclaimed("a causal mask")
    }
  }

  /// The single number that all elements of the layout equal.
  private func uniform(_ constant: GraphConstant) throws(ReadError) -> Double {
    let one = constant.viewed(TensorLayout(start: constant.layout.start, axes: []))
    return constant.count == 0 ? 0 : try one.numbers()[0]
  }
}
