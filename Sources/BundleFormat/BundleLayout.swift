import Architecture
import TensorTypes

/// Every tensor that a bundle of this description holds, in file order, with offsets counted from the first tensor.
///
/// The writer writes exactly this list and the reader accepts exactly this list. No other code defines the layout.
public struct BundleLayout: Sendable {
  public private(set) var tensors: [StoredTensor] = []
  /// Bytes of all tensors.
  public private(set) var byteCount = 0

  public init(_ description: BundleDescription) {
    addScalars(description)
    let schema = ParameterSchema(description.architecture).parameters
    for index in schema.indices {
      guard let tower = schema[index].tower else { continue }
      let precision = tower == .image ? description.imagePrecision : description.textPrecision
      add(schema[index], index, precision)
    }
    if description.architecture.text != nil { addTable(of: description.tokenizer) }
    addSelfTest(description.architecture)
  }

  /// Every tensor starts on a multiple of this. There are no gaps.
  public static let alignment = 64

  /// Rows of `tokenizer.merges`: OpenAI's 48,894 merges and two padding rows.
  public static let mergeRows = 48_896
  public static let mergeCount = 48_894
  /// Tokens before the first merge: every byte, and every byte at the end of a word.
  public static let byteTokens = 512
  /// Byte tokens, merges, start and end of text.
  public static let openAIVocabulary = byteTokens + mergeCount + 2

  /// Rows of the token table that a tokenizer's ids reach.
  static func leastVocabulary(of tokenizer: TokenizerKind) -> Int {
    switch tokenizer {
    case .openAI: openAIVocabulary
    case .none: 0
    }
  }

  private mutating func add(
    _ name: ParameterName, _ dtype: DType, _ shape: [Int], _ content: StoredTensor.Content,
    parameter: Int? = nil
  ) {
    let bytes = shape.reduce(dtype.byteWidth, *)
    tensors.append(
      StoredTensor(
        name: name, dtype: dtype, shape: shape, content: content, parameter: parameter,
        byteOffset: byteCount, byteCount: bytes))
    byteCount += bytes
  }
}

extension BundleLayout {
  private mutating func addScalars(_ description: BundleDescription) {
    if description.score != nil { addScalar("logit_scale", .logitScale) }
    if description.score == .sigmoid { addScalar("logit_bias", .logitBias) }
    if description.architecture.image != nil {
      addScalar("image.epsilon", .imageEpsilon)
      addScalar("preprocess.mean", .mean)
      addScalar("preprocess.std", .standardDeviation)
    }
    if description.architecture.text != nil { addScalar("text.epsilon", .textEpsilon) }
  }

  private mutating func addScalar(_ name: StaticString, _ scalar: StoredTensor.Scalar) {
    add(ParameterName(name), .f32, [MatrixShape.panelWidth], .scalar(scalar))
  }

  private mutating func addTable(of tokenizer: TokenizerKind) {
    switch tokenizer {
    case .openAI: add(ParameterName("tokenizer.merges"), .u16, [BundleLayout.mergeRows, 2], .merges)
    case .none: break
    }
  }

  private mutating func addSelfTest(_ architecture: CLIPArchitecture) {
    if let image = architecture.image {
      addVector(ParameterName("selftest.image"), image.outputWidth, .selfTest(.image))
    }
    if let text = architecture.text {
      addVector(ParameterName("selftest.text"), text.outputWidth, .selfTest(.text))
    }
    add(ParameterName("selftest.tolerance"), .f32, [MatrixShape.panelWidth], .selfTestTolerance)
  }

  private mutating func addVector(
    _ name: ParameterName, _ count: Int, _ content: StoredTensor.Content, dtype: DType = .f32,
    parameter: Int? = nil
  ) {
    add(name, dtype, [roundUp(count, to: MatrixShape.panelWidth)], content, parameter: parameter)
  }
}

// The stored tensors of each parameter.
extension BundleLayout {
  private mutating func add(
    _ parameter: Parameter, _ index: Int, _ precision: Precision
  ) {
    let shape = parameter.shape
    switch parameter.role {
    case .linear(let producer):
      addPanels(parameter, index, precision, isEqualized: producer != nil)
    case .projection: addPanels(parameter, index, precision, isEqualized: true)
    case .convolution: addPanels(parameter, index, precision, isEqualized: false)
    case .tokenTable: addTokenTable(parameter, index, precision)
    case .positions: addTable(parameter, index, .f32)
    case .vector: addVector(parameter.name, shape[0], .vector(count: shape[0]), parameter: index)
    case .batchNorm(let part, of: _): addBatchNorm(parameter, index, part)
    case .logitScale, .logitBias: break
    }
  }

  private mutating func addPanels(
    _ parameter: Parameter, _ index: Int, _ precision: Precision, isEqualized: Bool
  ) {
    guard let matrix = WeightMatrix(parameter)?.shape else { return }
    let panels = matrix.panelCount
    let content = StoredTensor.Content.panels(matrix)
    switch precision {
    case .fp32, .fp16:
      let shape = [panels, matrix.paddedInputs, MatrixShape.panelWidth]
      add(parameter.name, precision == .fp32 ? .f32 : .f16, shape, content, parameter: index)
    case .int8:
      let shape = [
        panels, matrix.paddedInputs / MatrixShape.inputGroup, MatrixShape.panelWidth, MatrixShape.inputGroup,
      ]
      add(parameter.name, .i8, shape, content, parameter: index)
      let outputs = matrix.outputs
      addVector(parameter.name.appending(".scale"), outputs, .scale(count: outputs), parameter: index)
      addVector(
        parameter.name.appending(".sum"), outputs, .sum(count: outputs), dtype: .i32, parameter: index)
      if isEqualized {
        addVector(
          parameter.name.appending(".exponent"), matrix.inputs, .exponent(count: matrix.inputs), dtype: .i32,
          parameter: index)
      }
    }
  }

  private mutating func addTokenTable(_ parameter: Parameter, _ index: Int, _ precision: Precision) {
    switch precision {
    case .fp32: addTable(parameter, index, .f32)
    case .fp16: addTable(parameter, index, .f16)
    case .int8:
      addTable(parameter, index, .i8)
      let rows = parameter.shape[0]
      addVector(parameter.name.appending(".scale"), rows, .scale(count: rows), parameter: index)
    }
  }

  private mutating func addTable(_ parameter: Parameter, _ index: Int, _ dtype: DType) {
    let rows = parameter.shape[0]
    let width = parameter.shape[1]
    let paddedWidth = roundUp(width, to: BundleLayout.alignment / dtype.byteWidth)
    add(parameter.name, dtype, [rows, paddedWidth], .table(rows: rows, width: width), parameter: index)
  }

  /// The four tensors of a BatchNorm become a scale and a bias, stored under the BatchNorm's name.
  private mutating func addBatchNorm(_ parameter: Parameter, _ index: Int, _ part: Parameter.BatchNormPart) {
    let count = parameter.shape[0]
    switch part {
    case .gain:
      let scale = parameter.name.replacingLastComponent(with: "scale")
      addVector(scale, count, .batchNormScale(count: count), parameter: index)
    case .bias: addVector(parameter.name, count, .batchNormBias(count: count), parameter: index)
    case .runningMean, .runningVariance: break
    }
  }
}
