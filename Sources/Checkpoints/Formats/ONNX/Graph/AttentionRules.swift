internal import Archives
internal import TensorTypes

// softmax(q·kᵀ / √d + mask)·v, and the product of two towers.
extension GraphInterpreter {
  private typealias Run = TensorLayout.Run

  /// An operand of attention: rows of `[batch, tokens, channels]`, split into heads.
  private struct Heads {
    /// The items and heads of the leading axes, axis by axis: steps in items and in heads.
    var leading: [[Run]]
    var isItem: [[Bool]]
    /// Tokens, and the first token.
    var tokens: [Run]
    var firstToken: Int
    var firstChannel: Int
    var width: Int
  }

  mutating func product(_ a: Activation, _ b: Activation) throws(ReadError) -> GraphValue {
    guard a.quantization == nil, b.quantization == nil, a.layout.rank >= 2, b.layout.rank >= 2 else {
      throw unclaimed("two matrices")
    }
    if case .shares = terms[a.term].kind { return try context(a, b) }
    if case .unit(let own) = terms[a.term].kind, case .unit(let other) = terms[b.term].kind {
      return try similarity(a, own.layout, b, other.layout)
    }
    return try scores(a, b)
  }

  /// - Parameter isTransposed: the last two axes are channels and tokens.
  private func heads(_ operand: Activation, isTransposed: Bool) throws(ReadError) -> Heads {
    let error = unclaimed("queries, keys or values split into heads")
    let shape = terms[operand.term].shape
    guard shape.count == 3, operand.curve.factor != nil else { throw error }
    let (items, tokens, channels) = (shape[0], shape[1], shape[2])
    let axes = operand.layout.axes
    let rows = axes[axes.count - (isTransposed ? 1 : 2)]
    let columns = axes[axes.count - (isTransposed ? 2 : 1)]
    guard columns.count == 1, columns[0].step == 1, rows.count <= 1 else { throw error }
    let width = columns[0].count
    if let run = rows.first { guard run.step == channels, run.count <= tokens else { throw error } }
    let (token, channel) = operand.layout.start.quotientAndRemainder(dividingBy: channels)
    guard token < tokens, channels.isMultiple(of: width), channel.isMultiple(of: width) else { throw error }
    var result = Heads(
      leading: [], isItem: [], tokens: rows, firstToken: token, firstChannel: channel, width: width)
    var seen: [Bool: Int] = [true: 1, false: 1]
    for axis in axes.dropLast(2) {
      var runs: [Run] = []
      var kinds: [Bool] = []
      for run in axis {
        let isItem = run.step == tokens * channels && run.count == items
        guard isItem || (run.step.isMultiple(of: width) && run.step < channels && run.step > 0) else {
          throw error
        }
        runs.append(Run(count: run.count, step: isItem ? 1 : run.step / width))
        kinds.append(isItem)
        seen[isItem, default: 1] *= run.count
      }
      result.leading.append(runs)
      result.isItem.append(kinds)
    }
    guard seen[true] == items else { throw error }
    return result
  }

  private mutating func scores(_ a: Activation, _ b: Activation) throws(ReadError) -> GraphValue {
    let (queries, keys) = (try heads(a, isTransposed: false), try heads(b, isTransposed: true))
    let (own, other) = (terms[a.term].shape, terms[b.term].shape)
    guard queries.leading == keys.leading, queries.isItem == keys.isItem, queries.width == keys.width,
      own[0] == other[0], keys.firstToken == 0,
      keys.tokens == (other[1] == 1 ? [] : [Run(count: other[1], step: other[2])]),
      let factor = a.curve.factor, let otherFactor = b.curve.factor
    else { throw unclaimed("queries times the keys of the same heads") }
    let heads = headCount(queries)
    let shape = [own[0], heads, own[1], other[1]]
    let layout = TensorLayout(
      start: queries.firstToken * other[1],
      axes: leadingAxes(queries, item: heads * own[1] * other[1], head: own[1] * other[1])
        + [queries.tokens.map { Run(count: $0.count, step: other[1]) }, [Run(count: other[1], step: 1)]])
    return try make(
      .scores(
        queries: .init(
          term: a.term, factor: factor, firstChannel: queries.firstChannel, headWidth: queries.width),
        keys: .init(term: b.term, factor: otherFactor, firstChannel: keys.firstChannel, headWidth: keys.width)
      ),
      shape, layout)
  }

  private func headCount(_ heads: Heads) -> Int {
    zip(heads.leading, heads.isItem).reduce(1) { count, axis in
      zip(axis.0, axis.1).reduce(count) { $1.1 ? $0 : $0 * $1.0.count }
    }
  }

  private func leadingAxes(_ heads: Heads, item: Int, head: Int) -> [[Run]] {
    zip(heads.leading, heads.isItem).map { runs, kinds in
      zip(runs, kinds).map { Run(count: $0.count, step: $1 ? item : $0.step * head) }
    }
  }

  /// A value far below every score, even if FP16 or a converter clipped it.
  private static let hidden = -1e4

  /// Adds a mask: zero for keys that are attended to, far below zero for keys after the query.
  mutating func masked(_ scores: Activation, _ mask: GraphConstant) throws(ReadError) -> GraphValue {
    guard case .scores = terms[scores.term].kind, let factor = scores.curve.factor else {
      throw unclaimed("scores of attention")
    }
    let shape = scores.layout.shape
    guard shape.count >= 2, mask.shape.count <= shape.count, mask.pooling == nil,
      Self.broadcast(mask.shape, shape) == shape
    else { throw unclaimed("a mask of the scores' shape") }
    let numbers = try numbers(mask)
    if numbers.allSatisfy({ $0 == 0 }) { return .activation(scores) }
    let (queries, keys) = (shape[shape.count - 2], shape[shape.count - 1])
    guard queries == keys, Array(mask.shape.suffix(2)) == [queries, keys],
      terms[scores.term].shape[2] == queries
    else { throw unclaimed("a mask of \(keys) keys for each of \(keys) queries") }
    for (index, number) in numbers.enumerated() {
      let isBehind = index % keys > index / keys % queries
      guard isBehind ? number <= Self.hidden : number == 0 else { throw unclaimed("a causal mask") }
    }
    return try make(.masked(scores.term, factor: factor), terms[scores.term].shape, scores.layout)
  }

  mutating func softmax() throws(ReadError) -> GraphValue {
    let scores = try floats(0)
    // Before opset 13, this axis and all later ones were flattened into one.
    let isOld = graph.opset < 13
    let axis = try axis(Int(clamping: node.integer("axis") ?? (isOld ? 1 : -1)), of: scores.layout)
    guard axis == scores.layout.rank - 1, let factor = scores.curve.factor else {
      throw unclaimed("a softmax over the last axis, the keys")
    }
    let shape = terms[scores.term].shape
    switch terms[scores.term].kind {
    case .scores, .masked:
      guard scores.layout.axes.last ?? [] == TensorLayout(axes: [[Run(count: shape[3], step: 1)]]).axes[0]
      else {
        throw unclaimed("a softmax over the last axis, the keys")
      }
      return try make(.shares(scores.term, factor: factor), shape, scores.layout)
    case .similarity: return try make(.choice(scores.term), shape, scores.layout)
    case .pixels, .ids, .isID, .lookup, .convolution, .batchNorm, .averagePool, .mapMean, .classToken,
      .meanToken,
      .placed, .mean, .centred, .variance, .normalized, .scaled, .shifted, .product, .sum, .shares, .context,
      .pooled, .sumOfSquares, .length, .unit, .choice:
      throw unclaimed("scores of attention")
    }
  }

  private mutating func context(_ shares: Activation, _ values: Activation) throws(ReadError) -> GraphValue {
    let error = unclaimed("attention weights times the values of the same heads")
    let heads = try heads(values, isTransposed: false)
    let shape = terms[shares.term].shape
    let other = terms[values.term].shape
    let (queryCount, keyCount) = (shape[2], shape[3])
    guard shares.curve.isIdentity, let factor = values.curve.factor, headCount(heads) == shape[1],
      heads.firstToken == 0,
      heads.tokens == (other[1] == 1 ? [] : [Run(count: other[1], step: other[2])]), other[1] == keyCount,
      other[0] == shape[0]
    else { throw error }
    let axes = shares.layout.axes
    let expected = leadingAxes(heads, item: shape[1] * queryCount * keyCount, head: queryCount * keyCount)
    let rows = axes[axes.count - 2]
    guard TensorLayout(axes: expected) == TensorLayout(axes: Array(axes.dropLast(2))), rows.count <= 1,
      rows.allSatisfy({ $0.step == keyCount }), shares.layout.start.isMultiple(of: keyCount),
      shares.layout.start < queryCount * keyCount
    else { throw error }
    let width = shape[1] * heads.width
    let layout = TensorLayout(
      start: shares.layout.start / keyCount * width,
      axes: leadingAxes(heads, item: queryCount * width, head: heads.width)
        + [rows.map { Run(count: $0.count, step: width) }, [Run(count: heads.width, step: 1)]])
    return try make(
      .context(
        shares: shares.term,
        values: .init(
          term: values.term, factor: factor, firstChannel: heads.firstChannel, headWidth: heads.width)),
      [shape[0], queryCount, width], layout)
  }

  /// ONNX's Attention: queries, keys and values `[batch, heads, tokens, d]`, and a mask.
  mutating func attention() throws(ReadError) -> GraphValue {
    let (queries, keys, values) = (try floats(0), try floats(1), try floats(2))
    guard queries.layout.rank == 4, keys.layout.rank == 4, node.inputs.dropFirst(4).allSatisfy(\.isEmpty),
      node.outputs.dropFirst().allSatisfy(\.isEmpty), node.float("softcap") ?? 0 == 0,
      let transposed = keys.layout.permuted([0, 1, 3, 2]),
      case .activation(var scores) = try scores(queries, keys.viewed(transposed))
    else { throw unclaimed("queries, keys and values of four axes") }
    let width = Double(queries.layout.shape[3])
    let factor = node.float("scale").map { Double($0) } ?? 1 / width.squareRoot()
    scores = scores.mapped { $0 * factor }
    if let mask = try optionalConstant(3) {
      let number = mask.dtype == .bool ? try folded([mask], .f32) { $0[0] != 0 ? 0 : -.infinity } : mask
      guard case .activation(let masked) = try masked(scores, number) else {
        throw unclaimed("a causal mask")
      }
      scores = masked
    }
    if try flag("is_causal") {
      guard case .scores = terms[scores.term].kind, let factor = scores.curve.factor,
        terms[scores.term].shape[2] == terms[scores.term].shape[3],
        case .activation(let masked) = try make(
          .masked(scores.term, factor: factor), terms[scores.term].shape, scores.layout)
      else { throw unclaimed("one causal mask") }
      scores = masked
    }
    guard let factor = scores.curve.factor,
      case .activation(let shares) = try make(
        .shares(scores.term, factor: factor), terms[scores.term].shape, scores.layout)
    else { throw unclaimed("scores of attention") }
    return try context(shares, values)
  }

  /// Normalized rows of one tower times the rows of the other.
  private mutating func similarity(
    _ a: Activation, _ own: TensorLayout, _ b: Activation, _ other: TensorLayout
  ) throws(ReadError) -> GraphValue {
    let (width, otherWidth) = (terms[a.term].shape.last, terms[b.term].shape.last)
    guard let transposed = b.layout.permuted([1, 0]), a.layout.rank == 2, a.layout.start == own.start,
      a.layout.runs == own.runs, transposed.start == other.start, transposed.runs == other.runs,
      width == otherWidth,
      a.layout.shape[1] == width, transposed.shape[1] == width
    else { throw unclaimed("embeddings of one tower times those of the other") }
    return try make(.similarity(a.input, b.input), [a.layout.shape[0], transposed.shape[0]])
  }
}
