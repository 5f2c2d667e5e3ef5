/// A value, described by its computation from pixels and token ids. A term's tensor is row-major. Its kind determines
/// the axes: `[batch, tokens, channels]`, or `[batch, channels, rows, columns]` for a map.
struct Term {
  var kind: Kind
  var shape: [Int]
  /// The operation that computed it, for errors.
  var node: String

  /// An earlier term, with the element-wise function applied to it.
  struct Input {
    var term: Int
    var curve: Curve
    var layout: TensorLayout
    /// The last operation that changed the curve.
    var bender: String?
  }

  enum Kind {
    case pixels
    case ids
    /// Whether an id equals this one.
    case isID(Int)
    case lookup(table: GraphConstant)
    /// With a square kernel, and equal stride and padding on all sides.
    case convolution(Input, kernel: GraphConstant, bias: GraphConstant?, stride: Int, padding: Int)
    case batchNorm(Input, parts: [GraphConstant], epsilon: Float)
    /// Over adjacent squares of this size.
    case averagePool(Input, size: Int)
    /// Over all positions of a map: `[batch, channels]`.
    case mapMean(Input)
    /// A row before the positions of a map: `[batch, 1 + positions, channels]`.
    case classToken(GraphConstant, before: Input)
    case meanToken(Int, before: Input)
    /// With a table `[tokens, channels]` of positions added.
    case placed(Input, table: GraphConstant)
    case mean(Int)
    case centred(Int)
    case variance(Int)
    /// (x - mean) / √(variance + ε)
    case normalized(Int, epsilon: Double)
    case scaled(Input, by: GraphConstant)
    case shifted(Input, by: GraphConstant)
    /// Rows times a matrix `[in, out]`.
    case product(Input, matrix: GraphConstant)
    case sum(Input, Input)
    /// Queries times keys of each head, `[batch, heads, tokens, tokens]`.
    case scores(queries: Part, keys: Part)
    /// Scores times a factor; far below zero if the key is after the query.
    case masked(Int, factor: Double)
    case shares(Int, factor: Double)
    /// Attention weights times values, `[batch, tokens, channels]`.
    case context(shares: Int, values: Part)
    /// The row of each text's pooled token, `[batch, channels]`.
    case pooled(Input, GraphFacts.TextPooling)
    case sumOfSquares(Input)
    case length(Input)
    case unit(Input)
    /// Rows of one tower times rows of the other's.
    case similarity(Input, Input)
    /// A softmax over a row of similarities.
    case choice(Int)
  }

  /// Channels of a linear layer's output that are divided into heads.
  struct Part {
    var term: Int
    var factor: Double
    var firstChannel: Int
    var headWidth: Int
  }
}

extension Term.Kind {
  /// Whether its elements are token ids or results of comparing them, which must not be used in arithmetic.
  var isOfIDs: Bool {
    switch self {
    case .ids, .isID: true
    case .pixels, .lookup, .convolution, .batchNorm, .averagePool, .mapMean, .classToken, .meanToken, .placed,
      .mean, .centred, .variance, .normalized, .scaled, .shifted, .product, .sum, .scores, .masked, .shares,
      .context, .pooled, .sumOfSquares, .length, .unit, .similarity, .choice:
      false
    }
  }
}

/// A value that depends on pixels or token ids.
struct Activation {
  var term: Int
  var layout: TensorLayout
  var curve = Curve.identity
  /// The last operation that changed the curve.
  var bender: String?
  /// How it is stored as integers; nil for floats.
  var quantization: Quantization?

  enum Quantization: Equatable {
    /// Constant scale and zero point.
    case fixed(scale: [Double], zeroPoint: [Double])
    /// Scale and zero point of this DynamicQuantizeLinear.
    case dynamic(Int)
  }

  func viewed(_ layout: TensorLayout) -> Activation {
    var result = self
    result.layout = layout
    return result
  }

  func mapped(_ function: (Double) -> Double) -> Activation {
    var result = self
    result.curve = curve.mapped(function)
    return result
  }

  var input: Term.Input { Term.Input(term: term, curve: curve, layout: layout, bender: bender) }
}

enum GraphValue {
  case constant(GraphConstant)
  case activation(Activation)
  /// The scale of a DynamicQuantizeLinear, times a constant.
  case dynamicScale(Int, times: GraphConstant?)
  case dynamicZeroPoint(Int)
  /// An integer product that is not yet multiplied by its scales.
  case integerProduct(ONNXNode, Activation, Int, weight: GraphConstant, zeroPoint: GraphConstant?)
}
