internal import Archives

/// OpenAI's ModifiedResNet, read from its attention pooling back to the pixels.
struct ResNetReader {
  /// A convolution with its BatchNorm, or with a bias that contains the folded BatchNorm.
  struct Layer {
    var kernel: GraphConstant
    var norm: [GraphConstant]
    var input: Term.Input
    var stride, padding: Int
  }

  struct Block {
    var layers: [Layer]
    var shortcut: Layer?
    var halves: Bool
  }

  private(set) var stem: [Layer] = []
  private(set) var blocks: [Block] = []
  let pool: StackReader.Attention
  let positions: GraphConstant
  private(set) var epsilon: Float?

  init(_ pooled: Int, _ reader: inout TermReader) throws(ReadError) {
    pool = try StackReader.attention(pooled, &reader)
    guard !pool.isMasked else { throw reader.error(pooled, "attention without a mask") }
    var placed: Int?
    for part in pool.parts {
      let input = try reader.plain(part.layer.input, "the map's positions")
      guard placed ?? input == input else {
        throw reader.error(pooled, "queries, keys and values of one map")
      }
      placed = input
    }
    guard let placed, case .placed(let tokens, let table) = reader.kind(placed) else {
      throw reader.error(pooled, "a table of positions")
    }
    positions = table
    let joined = try reader.plain(tokens, "a map's mean and positions")
    guard case .meanToken(let mean, let map) = reader.kind(joined) else {
      throw reader.error(joined, "a map's mean and positions")
    }
    _ = reader.kind(mean)
    var input = map
    while let block = try readBlock(input, &reader) {
      blocks.append(block)
      input = Self.source(block.layers[0].input, &reader)
    }
    blocks.reverse()
    try readStem(input, &reader)
  }

  private static func source(_ input: Term.Input, _ reader: inout TermReader) -> Term.Input {
    _ = reader.kind(input.term)
    return input
  }

  private mutating func readBlock(_ map: Term.Input, _ reader: inout TermReader) throws(ReadError) -> Block? {
    guard case .sum(let a, let b) = reader.kind(map.term) else { return nil }
    guard map.curve.isReLU else { throw reader.error(map.term, "ReLU after a block") }
    for (branch, other) in [(a, b), (b, a)] {
      guard let layers = try branchLayers(branch, &reader) else { continue }
      let halves = layers.halves
      let input = layers.layers[0].input
      if other.term == input.term, other.curve == input.curve, !halves {
        return Block(layers: layers.layers, shortcut: nil, halves: false)
      }
      guard other.curve.isIdentity, let shortcut = try layer(other.term, size: 1, padding: 0, &reader) else {
        continue
      }
      let (source, isHalved) = pooledSource(shortcut.input, &reader)
      guard source.term == input.term, source.curve == input.curve, isHalved == halves else { continue }
      return Block(layers: layers.layers, shortcut: shortcut, halves: halves)
    }
    throw reader.error(map.term, "a bottleneck of three convolutions and its shortcut")
  }

  /// Three convolutions with ReLU between them; nil for anything else.
  private mutating func branchLayers(
    _ branch: Term.Input, _ reader: inout TermReader
  ) throws(ReadError) -> (layers: [Layer], halves: Bool)? {
    guard branch.curve.isIdentity, let last = try layer(branch.term, size: 1, padding: 0, &reader) else {
      return nil
    }
    let (source, halves) = pooledSource(last.input, &reader)
    guard source.curve.isReLU, let middle = try layer(source.term, size: 3, padding: 1, &reader),
      middle.input.curve.isReLU, let first = try layer(middle.input.term, size: 1, padding: 0, &reader)
    else { return nil }
    return ([first, middle, last], halves)
  }

  /// The input of a 2×2 average pool; other inputs unchanged.
  private func pooledSource(_ input: Term.Input, _ reader: inout TermReader) -> (Term.Input, Bool) {
    guard input.curve.isIdentity, case .averagePool(let source, 2) = reader.kind(input.term),
      !isStem(source, reader)
    else { return (input, false) }
    return (source, true)
  }

  /// The stem also ends in an average pool, of a convolution's ReLU that leads back to the pixels.
  private func isStem(_ source: Term.Input, _ reader: TermReader) -> Bool {
    var term = source.term
    for _ in 0..<6 {
      let kind = reader.terms[term].kind
      if case .pixels = kind { return true }
      if case .batchNorm(let input, _, _) = kind {
        term = input.term
        continue
      }
      guard case .convolution(let input, _, _, let stride, _) = kind else { return false }
      if stride == 2 { return true }
      term = input.term
    }
    return false
  }

  private mutating func layer(
    _ term: Int, size: Int, padding: Int, stride: Int = 1, _ reader: inout TermReader
  ) throws(ReadError) -> Layer? {
    let kind = reader.kind(term)
    if case .batchNorm(let input, let parts, let own) = kind {
      guard input.curve.isIdentity,
        case .convolution(let source, let kernel, nil, stride, padding) = reader.kind(input.term),
        kernel.shape[2] == size
      else { return nil }
      guard epsilon ?? own == own else { throw reader.error(term, "the epsilon that other BatchNorms have") }
      epsilon = own
      return Layer(kernel: kernel, norm: parts, input: source, stride: stride, padding: padding)
    }
    guard case .convolution(let source, let kernel, let bias?, stride, padding) = kind,
      kernel.shape[2] == size
    else { return nil }
    return Layer(kernel: kernel, norm: [bias], input: source, stride: stride, padding: padding)
  }

  private mutating func readStem(_ map: Term.Input, _ reader: inout TermReader) throws(ReadError) {
    guard map.curve.isIdentity, case .averagePool(var input, 2) = reader.kind(map.term) else {
      throw reader.error(map.term, "a bottleneck, or the stem's average pool")
    }
    for stride in [1, 1, 2] {
      guard input.curve.isReLU,
        let layer = try layer(input.term, size: 3, padding: 1, stride: stride, &reader)
      else {
        throw reader.error(input.term, "a convolution of the stem, and its ReLU")
      }
      stem.insert(layer, at: 0)
      input = layer.input
    }
    guard case .pixels = reader.kind(input.term), input.curve.isIdentity else {
      throw reader.error(input.term, "unchanged pixels")
    }
  }
}

/// A BatchNorm that an exporter folded into the preceding convolution. It is restored as one that only adds the
/// remaining bias, so that the model computes the same as the graph.
enum FoldedNorm {
  /// The default of PyTorch, which ModifiedResNet's BatchNorms use.
  static let epsilon: Float = 1e-5

  /// Weight 1, the bias, mean 0, and variance 1 − ε, so that √(variance + ε) = 1.
  static func tensors(
    _ module: String, bias: CheckpointTensor
  ) throws(ReadError) -> [CheckpointTensor] {
    var result = [CheckpointTensor(renaming: bias, to: module + ".bias")]
    for (name, number) in [("weight", 1), ("running_mean", 0), ("running_var", 1 - epsilon)]
      as [(String, Float)]
    {
      result.append(
        try CheckpointTensor(
          computed: number, shape: bias.shape, name: module + "." + name, file: bias.file))
    }
    return result
  }
}
