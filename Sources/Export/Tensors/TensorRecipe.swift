internal import Architecture
internal import Models

/// How to compute the bytes of a stored tensor from a canonical one.
struct TensorRecipe: Sendable, Equatable {
  var parameter: Parameter
  /// Flat indices of the block that is stored.
  var elements: Range<Int>
  /// Extents of the block, in canonical order.
  var blockShape: [Int]
  /// The block's axes in the order in which they are stored.
  var axes: [Int]
  var form: StoredForm
  /// Factors of the outputs, applied first: rows of a matrix, elements of a vector. Nil for 1.
  var outputFactors: [Float]?
  /// Factors of a matrix's inputs. Nil for 1.
  var inputFactors: [Float]?

  /// The complete tensor, unchanged.
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

  /// The stored shape.
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

  /// The canonical axis of a matrix's outputs, each of which has its own scale at int8.
  var outputAxis: Int { parameter.outputAxis }

  /// The same axis in the stored order.
  var storedOutputAxis: Int { axes.firstIndex(of: outputAxis) ?? outputAxis }

  var outputCount: Int { blockShape.isEmpty ? 1 : blockShape[outputAxis] }
}

/// The type of a stored element.
enum StoredForm: Sendable, Equatable {
  case float32
  /// Rounded half to even.
  case float16
  /// q = round-half-even(w / scale) within ±127, one scale per output, as in bundles.
  case int8
  /// F32(max|w| / 127) of each output; 1 if all weights are zero, because some tools reject a scale of 0.
  case int8Scale
}

extension Parameter.Role {
  /// Tensors that are stored at the lower precision: matrices, kernels and the token table, as in bundles.
  var isWeight: Bool {
    switch self {
    case .linear, .projection, .convolution, .tokenTable: true
    case .positions, .vector, .batchNorm, .logitScale, .logitBias: false
    }
  }
}
