internal import Archives

/// Searches the terms for the parts of a tower. Each step states what it expects; an error names the node that
/// computes something else.
struct TermReader {
  let terms: [Term]
  /// Terms that the towers use.
  private(set) var visited: Set<Int> = []

  init(_ terms: [Term]) { self.terms = terms }

  /// A linear layer's input, weight `[in, out]` and bias.
  struct Linear {
    var input: Term.Input
    var matrix: GraphConstant
    var bias: GraphConstant
  }

  struct LayerNorm {
    var input: Int
    var weight: GraphConstant
    var bias: GraphConstant
    var epsilon: Double
  }

  func error(_ term: Int, _ expected: String) -> ReadError {
    ReadError(.onnxUnclaimedNode, expected: expected, found: terms[term].node)
  }

  /// The error for an input whose element-wise function is not the expected one.
  func error(_ input: Term.Input, _ expected: String) -> ReadError {
    ReadError(.onnxUnclaimedNode, expected: expected, found: input.bender ?? terms[input.term].node)
  }

  mutating func kind(_ term: Int) -> Term.Kind {
    visited.insert(term)
    return terms[term].kind
  }

  /// The term of an input without an element-wise function.
  mutating func plain(_ input: Term.Input, _ expected: String) throws(ReadError) -> Int {
    guard input.curve.isIdentity else { throw error(input, expected + ", unchanged") }
    visited.insert(input.term)
    return input.term
  }

  mutating func linear(_ term: Int, _ expected: String) throws(ReadError) -> Linear {
    guard case .shifted(let product, let bias) = kind(term) else {
      throw error(term, expected + ", with a bias")
    }
    let inner = try plain(product, expected)
    guard case .product(let input, let matrix) = kind(inner) else { throw error(inner, expected) }
    visited.insert(input.term)
    return Linear(input: input, matrix: matrix, bias: bias)
  }

  mutating func layerNorm(_ term: Int) throws(ReadError) -> LayerNorm {
    let expected = "LayerNorm"
    guard case .shifted(let product, let bias) = kind(term) else { throw error(term, expected) }
    let inner = try plain(product, expected)
    guard case .scaled(let input, let weight) = kind(inner) else { throw error(inner, expected) }
    let normalized = try plain(input, expected)
    guard case .normalized(let source, let epsilon) = kind(normalized) else {
      throw error(normalized, expected)
    }
    visited.insert(source)
    return LayerNorm(input: source, weight: weight, bias: bias, epsilon: epsilon)
  }

  func isLinear(_ input: Term.Input) -> Bool {
    guard case .shifted(let product, _) = terms[input.term].kind, case .product = terms[product.term].kind
    else {
      return false
    }
    return true
  }
}
