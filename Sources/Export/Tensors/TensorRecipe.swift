internal import Architecture
internal import Models

/// How the bytes of a stored tensor come from a canonical one.
struct TensorRecipe: Sendable, Equatable {
  var parameter: Parameter
  /// Flat indices of the block that is stored.
  var elements: Range<Int>
  /// Extents of the block, canonical order.
  var blockShape: [Int]
  /// The block's axes in the order in which they are stored.
  var axes: [Int]
  var form: StoredForm
  /// What outputs are multiplied by before anything else: rows of a matrix, elements of a vector. Nil for 1.
  var outputFactors: [Float]?
  /// What a matrix's inputs are multiplied by. Nil for 1.
  var inputFactors: [Float]?

  /// The whole tensor as it is.
  init(_ parameter: Parameter, _ form: StoredForm) {
    self.parameter = parameter
    elements = 0..<parameter.elementCount
    blockShape = parameter.shape
    axes = Array(parameter.shape.indices)
    self.form = form
  }

  init(_ tensor: PublishedTensor, _ form: StoredForm) {
    parameter = tensor.parameter
    elements = tensor.elements
    blockShape = tensor.blockShape
    axes = tensor.axes
    self.form = form
  }

  /// As stored.
  var shape: [Int] { form == .int8Scale ? [outputCount] : axes.map { blockShape[$0] } }

  var byteCount: Int {
    switch form {
    case .float32: elements.count * 4
    case .float16: elements.count * 2
    case .int8: elements.count
    case .int8Scale: outputCount * 4
    }
  }

  /// Whether the block is stored in canonical order.
  var keepsOrder: Bool { axes == Array(axes.indices) }

  /// The canonical axis along which a matrix has its outputs, each with a scale of its own at int8.
  var outputAxis: Int { parameter.outputAxis }

  /// The same axis as stored.
  var storedOutputAxis: Int { axes.firstIndex(of: outputAxis) ?? outputAxis }

  var outputCount: Int { blockShape.isEmpty ? 1 : blockShape[outputAxis] }
}

/// What a stored element is.
enum StoredForm: Sendable, Equatable {
  case float32
  /// Rounded half to even.
  case float16
  /// q = round-half-even(w / scale) within ±127, one scale per output: the quantization of our bundles.
  case int8
  /// F32(max|w| / 127) of each output; 1 where all weights are zero, since some tools refuse a scale of 0.
  case int8Scale
}

extension Parameter.Role {
  /// What becomes smaller at a lower precision: matrices, kernels and the token table, as in our bundles.
  var isWeight: Bool {
    switch self {
    case .linear, .projection, .convolution, .tokenTable: true
    case .positions, .vector, .batchNorm, .logitScale, .logitBias: false
    }
  }
}
