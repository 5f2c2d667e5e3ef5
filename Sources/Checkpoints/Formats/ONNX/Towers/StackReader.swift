internal import Archives

/// A stack of pre-norm residual blocks, read from its last sum back to its input.
struct StackReader {
  struct Block {
    var attentionNorm, mlpNorm: TermReader.LayerNorm
    var attention: Attention
    var hidden, output: TermReader.Linear
  }

  /// Linear layers of queries, keys and values, and the first channel of each.
  struct Attention {
    var parts: [(layer: TermReader.Linear, first: Int)]
    var output: TermReader.Linear
    var heads: Int
    var isMasked: Bool

    /// Whether one layer computes all three, in this order.
    func isFused(width: Int) -> Bool {
      parts.map(\.first) == [0, width, 2 * width]
        && parts.allSatisfy { $0.layer.matrix.shape[1] == 3 * width }
        && Set(parts.map(\.layer.input.term)).count == 1
        && parts[0].layer.matrix.layout == parts[1].layer.matrix.layout
        && parts[0].layer.matrix.layout == parts[2].layer.matrix.layout
        && Set(parts.map(\.layer.matrix.origin)).count == 1
    }
  }

  /// First to last.
  private(set) var blocks: [Block] = []
  /// The input of the first block.
  private(set) var input: Int
  private(set) var facts = GraphFacts.Tower()
  private let isCausal: Bool

  /// - Parameter stream: the output of the last block.
  init(_ stream: Int, isCausal: Bool, _ reader: inout TermReader) throws(ReadError) {
    self.isCausal = isCausal
    input = stream
    while case .sum(let a, let b) = reader.kind(input) { try readBlock(a, b, &reader) }
    guard !blocks.isEmpty else { throw reader.error(input, "residual blocks") }
    blocks.reverse()
  }

  private mutating func readBlock(
    _ a: Term.Input, _ b: Term.Input, _ reader: inout TermReader
  ) throws(ReadError) {
    let (middle, mlp) = try branch(a, b, "an MLP added to the residual", &reader)
    let output = try reader.linear(mlp, "the second layer of an MLP")
    let hidden = try reader.linear(output.input.term, "the first layer of an MLP")
    guard let activation = output.input.curve.activation else {
      throw reader.error(output.input, "QuickGELU, GELU or its approximation by tanh after this layer")
    }
    try agree(&facts.activation, activation, output.input.term, reader, "activation")
    let mlpNorm = try norm(hidden.input, of: middle, &reader)
    guard case .sum(let c, let d) = reader.kind(middle) else {
      throw reader.error(middle, "attention added to the residual")
    }
    let (source, attended) = try branch(c, d, "attention added to the residual", &reader)
    let attention = try readAttention(attended, &reader)
    let norms = try attention.parts.map { part throws(ReadError) in
      try norm(part.layer.input, of: source, &reader)
    }
    guard Set(attention.parts.map(\.layer.input.term)).count == 1, let attentionNorm = norms.first else {
      throw reader.error(attended, "queries, keys and values of one LayerNorm")
    }
    blocks.append(
      Block(
        attentionNorm: attentionNorm, mlpNorm: mlpNorm, attention: attention, hidden: hidden, output: output))
    input = source
  }

  /// The residual, and the linear layer whose output is added to it.
  private func branch(
    _ a: Term.Input, _ b: Term.Input, _ expected: String, _ reader: inout TermReader
  ) throws(ReadError) -> (residual: Int, branch: Int) {
    let (residual, branch) = reader.isLinear(b) ? (a, b) : (b, a)
    return (try reader.plain(residual, expected), try reader.plain(branch, expected))
  }

  private mutating func norm(
    _ input: Term.Input, of stream: Int, _ reader: inout TermReader
  ) throws(ReadError) -> TermReader.LayerNorm {
    let norm = try reader.layerNorm(try reader.plain(input, "LayerNorm"))
    guard norm.input == stream else { throw reader.error(input.term, "LayerNorm of the residual") }
    try add(norm, at: input.term, reader)
    return norm
  }

  /// Records the epsilon of a LayerNorm of this tower.
  mutating func add(_ norm: TermReader.LayerNorm, at term: Int, _ reader: TermReader) throws(ReadError) {
    try agree(&facts.epsilon, Float(norm.epsilon), term, reader, "epsilon of LayerNorm")
  }

  private func agree<Fact: Equatable>(
    _ fact: inout Fact?, _ own: Fact, _ term: Int, _ reader: TermReader, _ name: String
  ) throws(ReadError) {
    guard fact ?? own == own else {
      throw reader.error(term, "the \(name) that other layers of this tower have")
    }
    fact = own
  }

  private mutating func readAttention(_ term: Int, _ reader: inout TermReader) throws(ReadError) -> Attention
  {
    let attention = try Self.attention(term, &reader)
    guard attention.isMasked == isCausal else {
      throw reader.error(term, isCausal ? "attention with a causal mask" : "attention without a mask")
    }
    try agree(&facts.heads, attention.heads, term, reader, "number of heads")
    return attention
  }

  /// From the output projection of an attention back to its three linear layers.
  static func attention(_ term: Int, _ reader: inout TermReader) throws(ReadError) -> Attention {
    let output = try reader.linear(term, "the projection after attention")
    let joined = try reader.plain(output.input, "attention")
    guard case .context(let shares, let values) = reader.kind(joined),
      case .shares(var scores, var factor) = reader.kind(shares)
    else { throw reader.error(joined, "attention") }
    var isMasked = false
    if case .masked(let inner, let before) = reader.kind(scores) {
      isMasked = true
      factor *= before
      scores = inner
    }
    guard case .scores(let queries, let keys) = reader.kind(scores) else {
      throw reader.error(scores, "scores")
    }
    let scale = 1 / Double(queries.headWidth).squareRoot()
    guard abs(factor * queries.factor * keys.factor / scale - 1) < 2e-3, abs(values.factor - 1) < 1e-6,
      values.headWidth == queries.headWidth
    else { throw reader.error(scores, "scores scaled by one over the root of \(queries.headWidth)") }
    var parts: [(layer: TermReader.Linear, first: Int)] = []
    for part in [queries, keys, values] {
      parts.append((try reader.linear(part.term, "queries, keys or values"), part.firstChannel))
    }
    return Attention(
      parts: parts, output: output, heads: output.matrix.shape[0] / max(queries.headWidth, 1),
      isMasked: isMasked)
  }
}
