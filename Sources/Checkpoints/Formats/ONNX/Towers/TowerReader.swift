internal import Archives

#if canImport(Glibc)
  private import Glibc
#else
  private import Darwin
#endif

/// The towers whose embeddings a graph outputs.
struct TowerReader {
  struct Transformer {
    var stack: StackReader
    /// The image tower's LayerNorm before the blocks, and a tower's LayerNorm after them.
    var preNorm: TermReader.LayerNorm?
    var postNorm: TermReader.LayerNorm
    /// The class embedding and the patches' kernel, or the token table.
    var embeddings: [GraphConstant]
    var positions: GraphConstant
    /// `[in, out]`
    var projection: GraphConstant?
  }

  private(set) var image: Transformer?
  private(set) var text: Transformer?
  private(set) var resNet: ResNetReader?
  /// The natural logarithm of the factor that multiplies similarities.
  private(set) var logitScale: Double?
  private(set) var facts = GraphFacts()
  private var reader: TermReader

  /// Each output must be an embedding, a product of two, or an intermediate value of them.
  ///
  /// - Throws: `onnxUnclaimedNode`.
  init(_ outputs: [Activation], _ terms: [Term]) throws(ReadError) {
    reader = TermReader(terms)
    var rest: [Activation] = []
    for output in outputs {
      if try !readEmbeddings(output.input, needsProjection: true) { rest.append(output) }
    }
    for output in rest where !reader.visited.contains(output.term) {
      guard try readEmbeddings(output.input, needsProjection: false) else { continue }
    }
    for output in rest {
      guard reader.visited.contains(output.term), output.curve.isIdentity else {
        throw reader.error(output.input, "an embedding, or a value on the way to one")
      }
    }
  }

  // MARK: Embeddings

  /// - Returns: whether the output is an embedding, or computed from embeddings.
  private mutating func readEmbeddings(_ output: Term.Input, needsProjection: Bool) throws(ReadError) -> Bool
  {
    switch reader.terms[output.term].kind {
    case .choice(let similarity):
      _ = reader.kind(output.term)
      guard output.curve.isIdentity else { throw reader.error(output, "unchanged probabilities") }
      guard case .similarity = reader.terms[similarity].kind else { return false }
      return try readEmbeddings(
        Term.Input(term: similarity, curve: .identity, layout: output.layout, bender: nil),
        needsProjection: needsProjection)
    case .similarity(let a, let b):
      _ = reader.kind(output.term)
      guard let factor = output.curve.factor, factor > 0 else {
        throw reader.error(output, "cosines times a scale")
      }
      let scale = try readUnit(a) * readUnit(b) * factor
      // In double precision, the logarithm of a rounded exponential rounds back to the original number.
      if scale > 0, logitScale == nil { logitScale = log(scale) }
      return true
    case .unit(let embedding):
      guard output.curve.isIdentity else { throw reader.error(output, "an unchanged embedding") }
      _ = reader.kind(output.term)
      try read(embedding)
      return true
    case .product, .shifted:
      guard needsProjection, output.curve.isIdentity, isProjected(output.term) else {
        return needsProjection ? false : try readPooled(output)
      }
      try read(output)
      return true
    case .pixels, .ids, .isID, .lookup, .convolution, .batchNorm, .averagePool, .mapMean, .classToken,
      .meanToken,
      .placed, .mean, .centred, .variance, .normalized, .scaled, .sum, .scores, .masked, .shares, .context,
      .pooled, .sumOfSquares, .length:
      return needsProjection ? false : try readPooled(output)
    }
  }

  /// The hidden state that a tower without projection outputs.
  private mutating func readPooled(_ output: Term.Input) throws(ReadError) -> Bool {
    guard output.curve.isIdentity else { throw reader.error(output, "an unchanged value") }
    if reader.terms[output.term].shape.count == 3, !isClassToken(output) { return true }
    try read(output)
    return true
  }

  private mutating func readUnit(_ input: Term.Input) throws(ReadError) -> Double {
    guard case .unit(let embedding) = reader.kind(input.term), let factor = input.curve.factor else {
      throw reader.error(input.term, "an embedding of unit length")
    }
    try read(embedding)
    return factor
  }

  /// Whether a product multiplies the output of a LayerNorm or an attention pooling, and nothing else is added to it.
  private func isProjected(_ term: Int) -> Bool {
    if case .product(let input, _) = reader.terms[term].kind {
      if case .pooled(let rows, _) = reader.terms[input.term].kind { return isNorm(rows.term) }
      return isNorm(input.term)
    }
    guard case .shifted(let product, _) = reader.terms[term].kind,
      case .product(let input, _) = reader.terms[product.term].kind,
      case .context(let shares, _) = reader.terms[input.term].kind,
      case .shares(let scores, _) = reader.terms[shares].kind,
      case .scores(let queries, _) = reader.terms[scores].kind, let map = source(ofLinear: queries.term),
      case .placed(let tokens, _) = reader.terms[map].kind,
      case .meanToken = reader.terms[tokens.term].kind
    else { return false }
    return true
  }

  private func isNorm(_ term: Int) -> Bool {
    guard case .shifted(let scaled, _) = reader.terms[term].kind,
      case .scaled(let rows, _) = reader.terms[scaled.term].kind,
      case .normalized = reader.terms[rows.term].kind
    else { return false }
    return true
  }

  private func source(ofLinear term: Int) -> Int? {
    guard case .shifted(let product, _) = reader.terms[term].kind,
      case .product(let input, _) = reader.terms[product.term].kind
    else { return nil }
    return input.term
  }

  /// Whether a view of tokens is the first token of each item, all channels.
  private func isClassToken(_ output: Term.Input) -> Bool {
    let shape = reader.terms[output.term].shape
    guard shape.count == 3, output.layout.start == 0 else { return false }
    let expected = [
      TensorLayout.Run(count: shape[0], step: shape[1] * shape[2]),
      TensorLayout.Run(count: shape[2], step: 1),
    ]
    return output.layout.runs == expected.filter { $0.count != 1 }
  }

  // MARK: Towers

  private mutating func read(_ embedding: Term.Input) throws(ReadError) {
    guard embedding.curve.isIdentity else { throw reader.error(embedding, "an unchanged embedding") }
    if reader.visited.contains(embedding.term) { return }
    let term = embedding.term
    let shape = reader.terms[term].shape
    guard
      shape.count == 2
        ? embedding.layout.runs == TensorLayout(rowMajor: shape)?.runs : isClassToken(embedding)
    else {
      throw reader.error(term, "the first token of each image, or the pooled token of each text")
    }
    if isProjected(term), case .shifted = reader.terms[term].kind {
      guard resNet == nil, image == nil else { throw reader.error(term, "one image tower") }
      resNet = try ResNetReader(term, &reader)
      facts.image.heads = resNet?.pool.heads
      facts.image.epsilon = resNet?.epsilon ?? FoldedNorm.epsilon
      return
    }
    var rows = term
    var projection: GraphConstant?
    if case .product(let input, let matrix) = reader.kind(term) {
      rows = try reader.plain(input, "a projection of LayerNorm")
      projection = matrix
    }
    try readTransformer(rows, projection)
  }

  private mutating func readTransformer(_ rows: Int, _ projection: GraphConstant?) throws(ReadError) {
    var pooling: GraphFacts.TextPooling?
    var rows = rows
    if case .pooled(let tokens, let own) = reader.kind(rows) {
      pooling = own
      rows = try reader.plain(tokens, "tokens")
    }
    let postNorm = try reader.layerNorm(rows)
    var stream = postNorm.input
    if pooling == nil, case .pooled(let tokens, let own) = reader.kind(stream) {
      pooling = own
      stream = try reader.plain(tokens, "tokens")
    }
    var stack = try StackReader(stream, isCausal: pooling != nil, &reader)
    try stack.add(postNorm, at: rows, reader)
    if let pooling {
      try readText(&stack, postNorm, pooling, projection)
    } else {
      try readImage(&stack, postNorm, projection)
    }
  }

  private mutating func readText(
    _ stack: inout StackReader, _ postNorm: TermReader.LayerNorm, _ pooling: GraphFacts.TextPooling,
    _ projection: GraphConstant?
  ) throws(ReadError) {
    guard text == nil else { throw reader.error(stack.input, "one text tower") }
    guard case .placed(let tokens, let positions) = reader.kind(stack.input) else {
      throw reader.error(stack.input, "token embeddings and positions before the first block")
    }
    let lookup = try reader.plain(tokens, "token embeddings")
    guard case .lookup(let table) = reader.kind(lookup) else {
      throw reader.error(lookup, "token embeddings")
    }
    text = Transformer(
      stack: stack, preNorm: nil, postNorm: postNorm, embeddings: [table], positions: positions,
      projection: projection)
    facts.text = stack.facts
    facts.text.pooling = pooling
  }

  private mutating func readImage(
    _ stack: inout StackReader, _ postNorm: TermReader.LayerNorm, _ projection: GraphConstant?
  ) throws(ReadError) {
    guard image == nil, resNet == nil else { throw reader.error(stack.input, "one image tower") }
    let preNorm = try reader.layerNorm(stack.input)
    try stack.add(preNorm, at: stack.input, reader)
    guard case .placed(let tokens, let positions) = reader.kind(preNorm.input) else {
      throw reader.error(preNorm.input, "a class token, patches and positions before the first block")
    }
    let joined = try reader.plain(tokens, "a class token and patches")
    guard case .classToken(let classes, let patches) = reader.kind(joined) else {
      throw reader.error(joined, "a class token and patches")
    }
    let map = try reader.plain(patches, "patches")
    guard case .convolution(let pixels, let kernel, nil, let stride, 0) = reader.kind(map),
      stride == kernel.shape[2],
      case .pixels = reader.kind(pixels.term), pixels.curve.isIdentity
    else { throw reader.error(map, "unchanged pixels in adjacent patches, without a bias") }
    image = Transformer(
      stack: stack, preNorm: preNorm, postNorm: postNorm, embeddings: [classes, kernel], positions: positions,
      projection: projection)
    facts.image = stack.facts
  }
}
