internal import Archives
internal import TensorTypes

// Quantized values represent the floats that they were computed from.
extension GraphInterpreter {
  mutating func quantize() throws(ReadError) -> GraphValue {
    switch try value(0) {
    // A constant is more precise before quantization than after it.
    case .constant(let constant): return .constant(constant)
    case .activation(var activation):
      guard activation.quantization == nil else { throw unclaimed("floats") }
      let quantization = try fixedQuantization()
      // A mask of -1e38 in the quantized range would map all scores to one integer.
      if case .masked = terms[activation.term].kind, case .fixed(let scale, _) = quantization, scale[0] > 1 {
        throw unclaimed("a scale that distinguishes scores")
      }
      activation.quantization = quantization
      // Quantizers drop a ReLU before an integer type that cannot represent negative numbers.
      if try holdsNoNegative(), !isNonNegative(activation) { activation = activation.mapped { max($0, 0) } }
      return .activation(activation)
    case .dynamicScale, .dynamicZeroPoint, .integerProduct: throw unclaimed("floats")
    }
  }

  /// Whether zero is the least integer of the quantized type.
  private mutating func holdsNoNegative() throws(ReadError) -> Bool {
    guard let zeroPoint = try optionalConstant(2) else { return node.integer("output_dtype") ?? 2 == 2 }
    let least: Double
    switch zeroPoint.dtype {
    case .u8, .u16: least = 0
    case .i8: least = -128
    case .i16: least = -32768
    case .f64, .f32, .f16, .bf16, .i64, .i32, .u64, .u32, .bool: throw unclaimed("integers of 8 or 16 bits")
    }
    return try numbers(zeroPoint).first == least
  }

  private func isNonNegative(_ activation: Activation) -> Bool {
    switch terms[activation.term].kind {
    case .shares, .variance, .length, .sumOfSquares, .similarity, .choice: return true
    case .averagePool(let input, _), .mapMean(let input), .meanToken(_, let input):
      return input.curve.isReLU || isNonNegative(Activation(term: input.term, layout: input.layout))
    case .pixels, .ids, .isID, .lookup, .convolution, .batchNorm, .classToken, .placed, .mean, .centred,
      .normalized, .scaled, .shifted, .product, .sum, .scores, .masked, .context, .pooled, .unit:
      return activation.curve.isReLU
    }
  }

  private mutating func fixedQuantization() throws(ReadError) -> Activation.Quantization {
    let scale = try numbers(try constant(1))
    guard scale.count == 1, scale[0] > 0 else { throw unclaimed("one scale above zero") }
    let zeroPoint = try optionalConstant(2).map { constant throws(ReadError) in try numbers(constant) }
    return .fixed(scale: scale, zeroPoint: zeroPoint ?? [0])
  }

  mutating func dequantize() throws(ReadError) -> GraphValue {
    switch try value(0) {
    case .constant(let constant):
      guard !constant.dtype.isFloatingPoint else { return .constant(constant) }
      let axis = Int(clamping: node.integer("axis") ?? 1)
      return .constant(
        try dequantized(constant, scale: try self.constant(1), zeroPoint: try optionalConstant(2), axis: axis)
      )
    case .activation(var activation):
      // Rows of an integer table.
      if case .lookup(let table) = terms[activation.term].kind, !table.dtype.isFloatingPoint,
        activation.quantization == nil
      {
        let floats = try dequantized(
          table, scale: try scales(ofRows: activation), zeroPoint: try optionalConstant(2), axis: 0)
        return try make(.lookup(table: floats), terms[activation.term].shape, activation.layout)
      }
      guard activation.quantization == (try fixedQuantization()) else {
        throw unclaimed("the scale and zero point that the value was quantized with")
      }
      activation.quantization = nil
      return .activation(activation)
    case .dynamicScale, .dynamicZeroPoint, .integerProduct: throw unclaimed("integers")
    }
  }

  /// One scale for a table, or one for each row, looked up by the same ids.
  private func scales(ofRows rows: Activation) throws(ReadError) -> GraphConstant {
    guard case .activation(let scales) = try value(1) else { return try constant(1) }
    guard case .lookup(let table) = terms[scales.term].kind, table.shape.count == 1, scales.curve.isIdentity,
      let layout = rows.layout.replacingRows(of: terms[rows.term].shape[2], with: 1),
      layout.start == scales.layout.start, layout.runs == scales.layout.runs, node.integer("axis") ?? 1 == 0,
      scales.layout.rank == 1, node.input(2) == nil
    else { throw unclaimed("the scale of each row of the table") }
    return table
  }

  /// (q - zero point) · scale, computed when the tensor is read.
  private mutating func dequantized(
    _ constant: GraphConstant, scale: GraphConstant, zeroPoint: GraphConstant?, axis: Int
  ) throws(ReadError) -> GraphConstant {
    let name = constant.origin
    func tensor(_ constant: GraphConstant) throws(ReadError) -> CheckpointTensor {
      try constant.tensor(name, file: loader.file.path)
    }
    var result = GraphConstant(
      try Dequantized.tensor(
        try tensor(constant), scale: try tensor(scale),
        zeroPoint: try zeroPoint.map { zero throws(ReadError) in try tensor(zero) },
        axis: constant.shape.count < 2 ? 0 : axis, name: name), origin: name)
    result?.isDequantized = true
    return try result.unwrap(or: unclaimed("a smaller shape"))
  }

  mutating func dynamicQuantize() throws(ReadError) -> [GraphValue] {
    var activation = try floats(0)
    // A new term for each node, whose number identifies the node's scale and zero point.
    let id = try add(terms[activation.term].kind, terms[activation.term].shape)
    activation.quantization = .dynamic(id)
    return [.activation(activation), .dynamicScale(id, times: nil), .dynamicZeroPoint(id)]
  }

  mutating func integerProduct() throws(ReadError) -> GraphValue {
    var input = try activation(0)
    guard case .dynamic(let id)? = input.quantization, case .dynamicZeroPoint(id) = try value(2) else {
      throw unclaimed("a value with its own zero point")
    }
    input.quantization = nil
    let weight = try constant(1)
    guard !weight.dtype.isFloatingPoint else { throw unclaimed("integers") }
    return .integerProduct(node, input, id, weight: weight, zeroPoint: try optionalConstant(3))
  }

  /// An integer product times its scales is the product of the dequantized values.
  mutating func scaled(
    _ product: ONNXNode, _ input: Activation, _ weight: GraphConstant, _ zeroPoint: GraphConstant?,
    _ scale: GraphConstant
  ) throws(ReadError) -> GraphValue {
    let isKernel = product.operation == "ConvInteger"
    var scale = scale
    if scale.count > 1 {
      // One scale for each output: the last axis of rows, the second of maps.
      let outputs = weight.shape[isKernel ? 0 : weight.shape.count - 1]
      guard scale.count == outputs, let layout = scale.layout.reshaped([outputs]) else {
        throw ReadError(
          .onnxQuantization, expected: "one scale, or one for each of \(outputs) outputs",
          found: "scales of shape \(scale.shape)", path: [.tensor(weight.origin)])
      }
      scale = scale.viewed(layout)
    } else if let layout = scale.layout.reshaped([]) {
      scale = scale.viewed(layout)
    }
    let floats = try dequantized(weight, scale: scale, zeroPoint: zeroPoint, axis: isKernel ? 0 : -1)
    return isKernel ? try convolution(product, input, floats, bias: nil) : try self.product(input, floats)
  }
}
