import Architecture
import BundleFormat
import TensorTypes

/// Finds tensors by canonical name and returns pointers into the file.
///
/// The header was validated against the layout of the same architecture, so every requested tensor exists with its
/// type and size. A lookup in file order takes O(1); any other order is also correct.
struct WeightBinder {
  private let tensors: [StoredTensor]
  private let file: UnsafeRawPointer
  private let products: ScaleProducts
  /// Whether all inputs of int8 matrices have two bytes.
  private let isExact: Bool
  private var next = 0

  init(
    _ header: BundleHeader, _ file: UnsafeRawPointer, _ products: ScaleProducts, _ arithmetic: Arithmetic
  ) {
    tensors = header.tensors
    self.file = file
    self.products = products
    isExact = arithmetic == .exact
  }

  /// - Throws: `inconsistent` if no tensor has this name. A validated header rules this out.
  mutating func tensor(_ name: ParameterName) throws(RuntimeFault) -> StoredTensor {
    for distance in tensors.indices {
      let index = (next + distance) % tensors.count
      if tensors[index].name == name {
        next = index + 1
        return tensors[index]
      }
    }
    throw RuntimeFault.inconsistent(byteOffset: 0)
  }

  mutating func floats(_ name: ParameterName) throws(RuntimeFault) -> UnsafePointer<Float> {
    pointer(try tensor(name))
  }

  mutating func positions(_ name: ParameterName) throws(RuntimeFault) -> PositionTable {
    let table = try tensor(name)
    return PositionTable(values: pointer(table), stride: table.shape[1])
  }

  mutating func layerNorm(_ name: ParameterName) throws(RuntimeFault) -> LayerNormWeights {
    LayerNormWeights(
      gain: try floats(name.appending(".weight")), bias: try floats(name.appending(".bias")))
  }

  /// A matrix with its companion tensors, and its bias if it has one.
  mutating func linear(
    _ name: ParameterName, bias biasName: ParameterName? = nil
  ) throws(RuntimeFault) -> LinearWeights {
    let weights = try tensor(name)
    guard case .panels(let shape) = weights.content else {
      throw RuntimeFault.inconsistent(byteOffset: weights.byteOffset)
    }
    var linear = LinearWeights(panels: try panels(weights), shape: shape)
    if case .s8 = linear.panels { linear.scale = try floats(name.appending(".scale")) }
    if let biasName { linear.bias = try floats(biasName) }
    return linear
  }

  /// A linear layer `NAME.weight`, `NAME.bias`.
  mutating func linear(named name: ParameterName) throws(RuntimeFault) -> LinearWeights {
    try linear(name.appending(".weight"), bias: name.appending(".bias"))
  }

  /// A convolution and the BatchNorm after it. If both have scales, their product is used.
  mutating func convolution(
    _ name: ParameterName, norm: ParameterName
  ) throws(RuntimeFault) -> LinearWeights {
    var convolution = try linear(name.appending(".weight"), bias: norm.appending(".bias"))
    let normScale = try floats(norm.appending(".scale"))
    if let weightScale = convolution.scale {
      convolution.scale = try products.product(weightScale, normScale, convolution.shape.paddedOutputs)
    } else {
      convolution.scale = normScale
    }
    return convolution
  }

  mutating func tokenTable(_ name: ParameterName) throws(RuntimeFault) -> TokenTable {
    let table = try tensor(name)
    let values: TokenTable.Values =
      switch table.dtype {
      case .f32: .f32(pointer(table))
      case .f16: .f16(pointer(table))
      // The header validation admits only F32, F16 and I8.
      case .i8, .f64, .bf16, .i64, .i32, .i16, .u64, .u32, .u16, .u8, .bool:
        .s8(pointer(table), scale: try floats(name.appending(".scale")))
      }
    return TokenTable(values: values, stride: table.shape[1])
  }

  private mutating func panels(_ weights: StoredTensor) throws(RuntimeFault) -> WeightPanels {
    switch weights.dtype {
    case .f32: .f32(pointer(weights))
    case .f16: .f16(pointer(weights))
    case .i8, .f64, .bf16, .i64, .i32, .i16, .u64, .u32, .u16, .u8, .bool:
      .s8(
        pointer(weights), sums: pointer(try tensor(weights.name.appending(".sum"))),
        inputs: isExact || weights.hasWideInputs ? .twoBytes : .oneByte)
    }
  }

  private func pointer<Element>(_ tensor: StoredTensor) -> UnsafePointer<Element> {
    (file + tensor.byteOffset).assumingMemoryBound(to: Element.self)
  }
}
