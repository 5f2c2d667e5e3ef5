import Architecture
import TensorTypes
import Tokenizer

/// Every tensor that a bundle of this description holds, in file order, with offsets counted from the first tensor.
///
/// The writer writes exactly this list and the reader accepts exactly this list. No other code defines the layout.
public struct BundleLayout: Sendable {
  public private(set) var tensors: [StoredTensor] = []
  /// Bytes of all tensors.
  public private(set) var byteCount = 0
  /// Whether the description states a form for each matrix of an int8 tower, or none, and no form that a table cannot have.
  private(set) var formsFit = true

  public init(_ description: BundleDescription) {
    addScalars(description)
    let schema = ParameterSchema(description.architecture).parameters
    var image = TowerStorage(description.imagePrecision, description.imageForms)
    var text = TowerStorage(description.textPrecision, description.textForms)
    for index in schema.indices {
      switch schema[index].tower {
      case .image: add(schema[index], index, &image)
      case .text: add(schema[index], index, &text)
      case nil: break
      }
    }
    formsFit = formsFit && image.isComplete && text.isComplete
    if description.architecture.text != nil { addTokenizer(description) }
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

  /// Bytes of a tokenizer's table: from its fields alone to more than any published vocabulary needs.
  static let tableByteCounts = TableHeader.byteCount...1 << 30

  /// Rows of the token table that a tokenizer's ids reach.
  static func leastVocabulary(of tokenizer: TokenizerKind) -> Int {
    switch tokenizer {
    case .openAI: openAIVocabulary
    // The table states its own.
    case .table, .none: 0
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

  private mutating func addTokenizer(_ description: BundleDescription) {
    switch description.tokenizer {
    case .openAI: add(ParameterName("tokenizer.merges"), .u16, [BundleLayout.mergeRows, 2], .merges)
    case .table:
      let count = description.tokenizerTableBytes ?? 0
      let stored = roundUp(count, to: BundleLayout.alignment)
      add(ParameterName("tokenizer.table"), .u8, [stored], .tokenizerTable(byteCount: count))
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

/// How a tower's matrices are stored, one after another.
private struct TowerStorage {
  let precision: Precision
  private let forms: [MatrixForm]
  private var next = 0

  init(_ precision: Precision, _ forms: [MatrixForm]) {
    self.precision = precision
    self.forms = forms
  }

  /// Whether each form was used and none was missing.
  var isComplete: Bool { forms.isEmpty || next == forms.count }

  mutating func nextForm() -> MatrixForm {
    defer { next += 1 }
    return next < forms.count ? forms[next] : .nearest
  }
}

// The stored tensors of each parameter.
extension BundleLayout {
  private mutating func add(
    _ parameter: Parameter, _ index: Int, _ storage: inout TowerStorage
  ) {
    let shape = parameter.shape
    switch parameter.role {
    case .linear(let producer):
      addPanels(parameter, index, &storage, isEqualized: producer != nil)
    case .projection: addPanels(parameter, index, &storage, isEqualized: true)
    case .convolution: addPanels(parameter, index, &storage, isEqualized: false)
    case .tokenTable: addTokenTable(parameter, index, &storage)
    case .positions: addTable(parameter, index, .f32)
    case .vector: addVector(parameter.name, shape[0], .vector(count: shape[0]), parameter: index)
    case .batchNorm(let part, of: _): addBatchNorm(parameter, index, part)
    case .logitScale, .logitBias: break
    }
  }

  private mutating func addPanels(
    _ parameter: Parameter, _ index: Int, _ storage: inout TowerStorage, isEqualized: Bool
  ) {
    guard let matrix = WeightMatrix(parameter)?.shape else { return }
    let panels = matrix.panelCount
    let content = StoredTensor.Content.panels(matrix)
    let form = storage.nextForm()
    let precision = storage.precision == .int8 ? form.precision : storage.precision
    switch precision {
    case .fp32, .fp16:
      let shape = [panels, matrix.paddedInputs, MatrixShape.panelWidth]
      add(parameter.name, precision == .fp32 ? .f32 : .f16, shape, content, parameter: index)
    case .int8:
      let shape = [
        panels, matrix.paddedInputs / MatrixShape.inputGroup, MatrixShape.panelWidth, MatrixShape.inputGroup,
      ]
      add(parameter.name, .i8, shape, content, parameter: index)
      tensors[tensors.count - 1].hasWideInputs = form.hasWideInputs
      let outputs = matrix.outputs
      addVector(parameter.name.appending(".scale"), outputs, .scale(count: outputs), parameter: index)
      addVector(
        parameter.name.appending(".sum"), outputs, .sum(count: outputs), dtype: .i32, parameter: index)
    }
    // Equalization is the tower's, so that it does not depend on the forms.
    if isEqualized, storage.precision == .int8 {
      addVector(
        parameter.name.appending(".exponent"), matrix.inputs, .exponent(count: matrix.inputs), dtype: .i32,
        parameter: index)
    }
  }

  private mutating func addTokenTable(_ parameter: Parameter, _ index: Int, _ storage: inout TowerStorage) {
    let form = storage.nextForm()
    formsFit = formsFit && form.fitsTable
    switch storage.precision == .int8 ? form.precision : storage.precision {
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
