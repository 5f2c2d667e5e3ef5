internal import Architecture
internal import BundleFormat
internal import Models
internal import Parallel
internal import Progress
internal import Quantization
internal import Synchronization
internal import TensorTypes
internal import Verification

/// Compares the canonical tensors of two models, tensors in parallel, each side's values once.
struct WeightDiff {
  let a, b: CLIPModel
  fileprivate let roundingA, roundingB: ExplainedRounding?

  init(_ a: CLIPModel, _ b: CLIPModel) {
    self.a = a
    self.b = b
    roundingA = a.bundle.map { ExplainedRounding($0, a.schema.parameters) }
    roundingB = b.bundle.map { ExplainedRounding($0, b.schema.parameters) }
  }

  /// - Throws: errors of reading weights, with the file.
  func differences(_ progress: WorkProgress) throws(ModelError) -> WeightDifferences {
    var result = WeightDifferences()
    let pairs = pairs(&result)
    result.comparedCount = pairs.count
    result.types = types(pairs)
    let plain = pairs.filter { !isFolded($0) }
    let norms = pairs.filter { isFolded($0) && $0.a.isGain }
    result.foldedCount = norms.count
    progress.begin("comparing weights", .bytes, of: pairs.reduce(0) { $0 + 8 * $1.a.elementCount })
    let found = Mutex([Int: Result<[TensorDifference], ModelError>]())
    parallelFor(plain.count + norms.count) { index in
      let outcome: Result<[TensorDifference], ModelError>
      do throws(ModelError) {
        outcome = .success(
          index < plain.count ? try difference(plain[index]) : try folded(norms[index - plain.count]))
      } catch {
        outcome = .failure(error)
      }
      found.withLock { $0[index] = outcome }
      let count =
        index < plain.count ? plain[index].a.elementCount : 4 * norms[index - plain.count].a.elementCount
      progress.add(8 * count)
    }
    let outcomes = found.withLock { $0 }
    for index in 0..<(plain.count + norms.count) {
      if let outcome = outcomes[index] { result.differences += try outcome.get() }
    }
    // A folded BatchNorm has two tensors that are compared, of four.
    let different = Set(result.differences.map(\.name))
    let unequal = pairs.count { pair in
      different.contains(pair.name)
        || isFolded(pair) && pair.normNames(in: a).contains { different.contains($0) }
    }
    result.equalCount = pairs.count - unequal
    result.differences.sort { ($0.rank, $1.name) > ($1.rank, $0.name) }
    return result
  }
}

/// A tensor of both models.
struct TensorPair {
  var a, b: Parameter

  var name: String { a.name.description }

  /// Names of the scale and the bias of the tensor's BatchNorm.
  func normNames(in model: CLIPModel) -> [String] {
    guard case .batchNorm(_, let norm) = a.role else { return [] }
    return [norm.gain, norm.bias].map { model.schema.parameters[$0].name.description }
  }
}

extension WeightDiff {
  /// Tensors of both models; records all others.
  private func pairs(_ result: inout WeightDifferences) -> [TensorPair] {
    let others = Dictionary(b.schema.parameters.map { ($0.name, $0) }) { first, _ in first }
    let names = Set(a.schema.parameters.map(\.name))
    var pairs: [TensorPair] = []
    for parameter in a.schema.parameters {
      guard let other = others[parameter.name] else {
        result.onlyInA.append(parameter.name.description)
        continue
      }
      if parameter.shape == other.shape {
        pairs.append(TensorPair(a: parameter, b: other))
      } else {
        result.shapes.append(
          ShapeDifference(
            name: parameter.name.description, nameInA: a.otherName(of: parameter),
            nameInB: b.otherName(of: other), a: parameter.shape, b: other.shape))
      }
    }
    result.onlyInB = b.schema.parameters.filter { !names.contains($0.name) }.map(\.name.description)
    return pairs
  }

  private func types(_ pairs: [TensorPair]) -> [TypeChange] {
    var counts: [[String]: Int] = [:]
    for pair in pairs {
      let types = [a.typeText(of: pair.a), b.typeText(of: pair.b)]
      if types[0] != types[1] { counts[types, default: 0] += 1 }
    }
    return counts.map { TypeChange(a: $0.key[0], b: $0.key[1], tensorCount: $0.value) }
      .sorted { ($1.tensorCount, $0.a, $0.b) < ($0.tensorCount, $1.a, $1.b) }
  }

  /// Whether the tensor belongs to a BatchNorm that one of the models holds folded.
  private func isFolded(_ pair: TensorPair) -> Bool {
    guard case .batchNorm = pair.a.role else { return false }
    return roundingA != nil || roundingB != nil
  }

  private func difference(_ pair: TensorPair) throws(ModelError) -> [TensorDifference] {
    var scratchA = FloatScratch()
    var scratchB = FloatScratch()
    defer {
      a.release(pair.a)
      b.release(pair.b)
    }
    let explained = try Explanation(pair, self)
    var outcome: Result<TensorDifference?, ModelError> = .success(nil)
    try a.reading(pair.a, &scratchA) { mine in
      // A closure that does not throw keeps the error.
      do throws(ModelError) {
        outcome = .success(
          try b.reading(pair.b, &scratchB) { difference(pair, pair.name, mine.span, $0.span, explained) })
      } catch {
        outcome = .failure(error)
      }
    }
    return try outcome.get().map { [$0] } ?? []
  }

  /// Nil if all values are equal.
  private func difference(
    _ pair: TensorPair, _ name: String, _ mine: Span<Float>, _ other: Span<Float>,
    _ explanation: Explanation
  ) -> TensorDifference? {
    let values = ValueDifference(mine, other)
    guard values.changedCount > 0 else { return nil }
    let (typeA, typeB) = (a.typeText(of: pair.a), b.typeText(of: pair.b))
    let relation: TensorDifference.Relation =
      if let narrow = NarrowType(typeA, typeB), narrow.makesEqual(mine, other) {
        .rounded
      } else if explanation.explains(mine, other) {
        .explained
      } else {
        .different
      }
    return TensorDifference(
      name: name, nameInA: a.otherName(of: pair.a), nameInB: b.otherName(of: pair.b), shape: pair.a.shape,
      typeA: typeA, typeB: typeB, relation: relation, relativeRMS: values.relativeRMS,
      maximumAbsolute: values.maximumAbsolute, changedCount: values.changedCount)
  }

  fileprivate func bound(
    _ rounding: ExplainedRounding?, _ model: CLIPModel, _ parameter: Parameter
  ) throws(ModelError) -> RoundingBound? {
    guard let rounding else { return nil }
    do throws(ModelError) {
      return rounding.bound(
        parameter, storedAs: model.storedType(of: parameter), try model.roundingSteps(of: parameter))
    } catch {
      throw model.named(error)
    }
  }

  /// Scale and bias of a BatchNorm.
  private func folded(_ pair: TensorPair) throws(ModelError) -> [TensorDifference] {
    guard case .batchNorm(_, let normA) = pair.a.role, case .batchNorm(_, let normB) = pair.b.role else {
      return []
    }
    let (mine, other) = (try a.namedFold(normA), try b.namedFold(normB))
    let biases = TensorPair(a: a.schema.parameters[normA.bias], b: b.schema.parameters[normB.bias])
    return [
      difference(pair, pair.name, mine.scale.span, other.scale.span, try Explanation(pair, self)),
      difference(biases, biases.name, mine.bias.span, other.bias.span, try Explanation(biases, self)),
    ].compactMap { $0 }
  }
}

/// How far the roundings of the bundles move a tensor.
private struct Explanation {
  private let pair: TensorPair
  /// Nil for a side that is no bundle.
  private let a, b: RoundingBound?

  init(_ pair: TensorPair, _ diff: WeightDiff) throws(ModelError) {
    self.pair = pair
    a = try diff.bound(diff.roundingA, diff.a, pair.a)
    b = try diff.bound(diff.roundingB, diff.b, pair.b)
  }

  /// Whether they explain every difference.
  func explains(_ mine: Span<Float>, _ other: Span<Float>) -> Bool {
    switch (a, b) {
    case (nil, nil): return false
    case (let a?, nil): return a.violation(mine, other, pair.a) == nil
    case (nil, let b?): return b.violation(other, mine, pair.b) == nil
    case (let a?, let b?):
      // Each side is close to a source that is not here.
      for index in 0..<mine.count {
        let limit = a.limit(at: index, source: other[index]) + b.limit(at: index, source: mine[index])
        if !(abs(Double(mine[index]) - Double(other[index])) <= 1.01 * limit) { return false }
      }
      return true
    }
  }
}

extension Parameter {
  fileprivate var isGain: Bool {
    if case .batchNorm(.gain, of: _) = role { true } else { false }
  }
}

extension CLIPModel {
  /// `withValues`, with the file in errors.
  fileprivate func reading<Value>(
    _ parameter: Parameter, _ scratch: inout FloatScratch, _ body: (UnsafeBufferPointer<Float>) -> Value
  ) throws(ModelError) -> Value {
    do throws(ModelError) {
      return try withValues(of: parameter, scratch: &scratch, body)
    } catch {
      throw named(error)
    }
  }

  /// The error with this model's file, because two files are open.
  func named(_ error: ModelError) -> ModelError {
    var error = error
    error.file = error.file ?? source.paths.first ?? source.fileName
    return error
  }

  fileprivate func namedFold(_ norm: Parameter.BatchNorm) throws(ModelError) -> BatchNormFold {
    do throws(ModelError) { return try fold(norm) } catch { throw named(error) }
  }

  /// The name in the file, if it is not the canonical one.
  fileprivate func otherName(of parameter: Parameter) -> String? {
    let names = origin(of: parameter).names
    return names.isEmpty || names == [parameter.name.description] ? nil : names.joined(separator: " + ")
  }

  /// `F16`, or the types of all parts of a fused tensor if they differ.
  fileprivate func typeText(of parameter: Parameter) -> String {
    var types: [String] = []
    for type in origin(of: parameter).types where !types.contains(type) { types.append(type) }
    return types.isEmpty
      ? storedType(of: parameter).safetensorsName.description : types.joined(separator: ", ")
  }
}
