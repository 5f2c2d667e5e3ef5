internal import Architecture
internal import Models
internal import Progress
internal import ReferenceForward
internal import TensorTypes

/// One diagnosis: compare, check the vectors alone, then search.
struct DiagnosisRun {
  let diagnoser: Diagnoser
  let subject: Subject
  let given: GivenVectors
  let product: MatrixProduct
  private let tolerance: Tolerance
  private let logitScale: Double?

  init(
    diagnoser: Diagnoser, subject: Subject, given: GivenVectors, product: MatrixProduct
  ) throws(DiagnosisError) {
    self.diagnoser = diagnoser
    self.subject = subject
    self.given = given
    self.product = product
    let model = diagnoser.model
    tolerance = Tolerance(isQuantized: model.isQuantized, isHalf: given.isHalf)
    do throws(ModelError) {
      logitScale = try model.score().map { score in
        let logScale =
          switch score {
          case .softmax(let logScale), .sigmoid(let logScale, _): logScale
          }
        return ElementaryFunctions.exponential(.init(repeating: Double(logScale)))[0]
      }
    } catch {
      throw .model(error)
    }
  }

  func run() throws(DiagnosisError) -> Diagnosis {
    let broken = given.nonFiniteRows
    let zeros = given.zeroRows
    let usable = (0..<given.count).filter { !Set(broken + zeros).contains($0) }
    guard !usable.isEmpty else {
      return Diagnosis(
        verdict: .explained,
        causes: (broken.isEmpty ? [] : [.notFinite]) + (zeros.isEmpty ? [] : [.zeros]),
        affectedRows: (broken + zeros).sorted())
    }
    var diagnosis = try diagnosis(of: usable)
    if !broken.isEmpty || !zeros.isEmpty {
      let faults = (broken.isEmpty ? [] : [Cause.notFinite]) + (zeros.isEmpty ? [] : [.zeros])
      diagnosis.causes.insert(contentsOf: faults, at: 0)
      diagnosis.affectedRows = (broken + zeros).sorted()
      if diagnosis.verdict == .right { diagnosis.verdict = .explained }
    }
    if usable.count < Diagnoser.fewestRows { diagnosis.verdict = .insufficient }
    diagnosis.product = product.name
    return diagnosis
  }

  private func diagnosis(of usable: [Int]) throws(DiagnosisError) -> Diagnosis {
    let mistakes = Mistake.all(for: subject)
    let effort = Effort(diagnoser.model, subject.tower, mistakes: mistakes.count)
    let compared = usable.spread(effort.compared)
    let stated = Trial(diagnoser.model)
    let width = stated.model.outputWidth(subject.tower)
    let runner = PassRunner(
      model: diagnoser.model, inputs: diagnoser.inputs, product: watched(product, effort, mistakes.count))
    guard width == given.width else {
      return try ofOtherWidth(width, runner, mistakes, effort, compared)
    }
    let right = try runner.vectors(runner.prepare(compared, stated), stated)
    let rows = given.rows(compared)
    let before = Closeness(rows, right)
    var diagnosis = Diagnosis(verdict: .right, before: before, comparedCount: compared.count)
    diagnosis.rightCount = before.errors.count { $0 <= tolerance.right }
    diagnosis.worstRows = compared.indices.filter { before.errors[$0] > tolerance.right }
      .sorted { before.errors[$0] > before.errors[$1] }.prefix(3).map { compared[$0] }
    let form = VectorForm(rows, right, logitScale: logitScale)
    let isRight = before.worstError <= tolerance.right
    if before.worstError <= tolerance.exact { return self.right(diagnosis, form) }
    if let cause = try ofVectorsAlone(rows, right, compared, before) {
      diagnosis.verdict = .explained
      diagnosis.causes = [cause.cause]
      diagnosis.explanations = [.init(causes: [cause.cause], before: before, after: cause.after)]
      diagnosis.rowOrder = cause.order
      return diagnosis
    }
    let order = permutation(rows, right, before, compared)
    let search = MistakeSearch(
      runner: runner, subject: subject, mistakes: order.map { [$0] + mistakes } ?? mistakes, given: given,
      effort: effort, tolerance: tolerance, logitScale: logitScale, compared: compared, before: before)
    judge(try search.run(triesPairs: !isRight), &diagnosis)
    if isRight, diagnosis.verdict != .explained { return self.right(diagnosis, form) }
    if diagnosis.verdict != .explained, given.isHalf, before.worstError <= Self.halfArithmetic {
      diagnosis.verdict = .explained
      diagnosis.causes = [.halfArithmetic]
      diagnosis.form = form
    }
    // A mistake may be why they are all the same, such as pooling a token that every text has.
    if given.isConstant, diagnosis.verdict != .explained {
      diagnosis.verdict = .explained
      diagnosis.causes = [.constant]
    }
    if diagnosis.verdict == .unexplained {
      diagnosis.similarityCorrelation = RowMatching.similarityCorrelation(rows, right)
      if before.meanError > Self.unrelated, diagnosis.similarityCorrelation ?? 0 < Self.sameSpace {
        diagnosis.causes = [.otherModel]
      }
    }
    return diagnosis
  }

  /// Right directions; the lengths may still be wrong.
  private func right(_ diagnosis: Diagnosis, _ form: VectorForm) -> Diagnosis {
    var diagnosis = diagnosis
    diagnosis.verdict = form.isUsual ? .right : .explained
    diagnosis.causes = form.isUsual ? [] : [.lengths(form)]
    diagnosis.form = form
    diagnosis.explanations = []
    return diagnosis
  }

  /// 1 − cosine that sums in FP16 or BF16 cause.
  private static let halfArithmetic = 1e-4
  /// A correlation of similarities that other weights do not reach.
  private static let sameSpace = 0.9
  /// 1 − cosine of vectors that have nothing in common.
  private static let unrelated = 0.5

  /// Reports the best explanation, and others that are equally good.
  private func judge(_ candidates: [Candidate], _ diagnosis: inout Diagnosis) {
    let helpful = candidates.filter { $0.after.meanError < 0.999 * $0.before.meanError }
    diagnosis.explanations = helpful.map { candidate in
      .init(
        causes: candidate.mistakes.map { Cause($0, subject) }, before: candidate.before,
        after: candidate.after)
    }
    guard let best = candidates.first else {
      diagnosis.verdict = .unexplained
      return
    }
    diagnosis.rowOrder = best.trial.rowOrder
    guard tolerance.explains(best) else {
      diagnosis.verdict = tolerance.explainsPart(best) ? .partly : .unexplained
      diagnosis.causes = diagnosis.verdict == .partly ? best.mistakes.map { Cause($0, subject) } : []
      return
    }
    diagnosis.verdict = .explained
    diagnosis.form = best.form
    diagnosis.causes = best.mistakes.map { Cause($0, subject) }
    let limit = 3 * max(best.error, tolerance.rounding)
    diagnosis.alternatives = candidates.dropFirst().filter {
      tolerance.explains($0) && $0.error <= limit && $0.mistakes.count == best.mistakes.count
    }.map { $0.mistakes.map { Cause($0, subject) } }
    if !best.form.isUsual { diagnosis.causes.append(.lengths(best.form)) }
  }

  /// What was done to right vectors, or to their order.
  private func ofVectorsAlone(
    _ rows: Tensor, _ right: Tensor, _ compared: [Int], _ before: Closeness
  ) throws(DiagnosisError) -> (cause: Cause, after: Closeness, order: [Int]?)? {
    let checks = VectorChecks(
      given: rows, right: right, tolerance: tolerance, isComplete: compared.count == given.count)
    if let found = checks.explanation(before) { return (found.cause, found.after, nil) }
    if let moved = moved(rows, right, compared, before) { return moved }
    guard let other = diagnoser.otherInputs, other.count == given.count,
      diagnoser.model.architecture.has(other.tower)
    else { return nil }
    let stated = Trial(diagnoser.model)
    let runner = PassRunner(model: diagnoser.model, inputs: other, product: product)
    let vectors = try runner.vectors(runner.prepare(compared, stated), stated)
    guard vectors.width == given.width else { return nil }
    let after = Closeness(rows, vectors)
    return after.worstError <= tolerance.explained ? (.exchanged, after, nil) : nil
  }

  /// Rows that are right vectors of other inputs.
  private func moved(
    _ rows: Tensor, _ right: Tensor, _ compared: [Int], _ before: Closeness
  ) -> (cause: Cause, after: Closeness, order: [Int]?)? {
    guard !given.isConstant else { return nil }
    let matching = RowMatching(rows, right)
    if !matching.isIdentity, matching.isPermutation, tolerance.explains(matching.closeness, before) {
      return (.permuted, matching.closeness, matching.order.map { compared[$0] })
    }
    // Exchanged: of which input each row is. A lost vector is in no row.
    let owners = RowMatching(right, rows)
    guard !owners.isPermutation, owners.closeness.worstError <= tolerance.exact,
      owners.closeness.meanError <= before.meanError / 10
    else { return nil }
    return (.repeated, owners.closeness, nil)
  }

  /// Another order of rows as a mistake, if it brings the vectors much closer.
  private func permutation(
    _ rows: Tensor, _ right: Tensor, _ before: Closeness, _ compared: [Int]
  ) -> Mistake? {
    guard compared.count == given.count else { return nil }
    let matching = RowMatching(rows, right)
    guard !matching.isIdentity, matching.isPermutation,
      matching.closeness.meanError <= before.meanError / 4
    else { return nil }
    let order = matching.order
    let cause = Cause.permuted
    return Mistake(cause.id, cause.topic, cause.words, remedy: cause.remedy) { $0.rowOrder = order }
  }

  /// Vectors of another width than the model's.
  private func ofOtherWidth(
    _ width: Int, _ runner: PassRunner, _ mistakes: [Mistake], _ effort: Effort, _ compared: [Int]
  ) throws(DiagnosisError) -> Diagnosis {
    var diagnosis = Diagnosis(verdict: .unexplained, comparedCount: compared.count)
    if given.width < width {
      let stated = Trial(diagnoser.model)
      let right = try runner.vectors(runner.prepare(compared, stated), stated)
      let first = Tensor(
        [compared.count, given.width], compared.indices.flatMap { right.row($0).prefix(given.width) })
      let after = Closeness(given.rows(compared), first)
      if after.worstError <= tolerance.explained {
        diagnosis.verdict = .explained
        diagnosis.causes = [.cut(given.width, of: width)]
        return diagnosis
      }
    }
    let search = MistakeSearch(
      runner: runner, subject: subject, mistakes: mistakes, given: given, effort: effort,
      tolerance: tolerance, logitScale: logitScale, compared: compared, before: nil)
    judge(try search.run(triesPairs: true), &diagnosis)
    if diagnosis.explanations.isEmpty {
      let names = ArchitectureCatalogue.entries.filter { entry in
        ModelRecipe(architecture: entry.architecture).outputWidth(subject.tower) == given.width
      }.map(\.name)
      diagnosis.causes = [.otherWidth(given.width, names)]
    }
    return diagnosis
  }

  /// The product, counting towards the progress. Pairs are only tried if no single mistake explains the vectors.
  private func watched(_ product: MatrixProduct, _ effort: Effort, _ mistakeCount: Int) -> MatrixProduct {
    let perItem =
      switch subject.tower {
      case .image: diagnoser.model.architecture.image?.multiplyAdds ?? 0
      case .text: diagnoser.model.architecture.text?.multiplyAdds ?? 0
      }
    let items = effort.compared + effort.screened * mistakeCount + 4 * effort.confirmed
    let progress = diagnoser.progress
    progress.begin("trying \(mistakeCount) known mistakes", .operations, of: perItem * items)
    var product = product
    product.onMultiplyAdds = { progress.add($0) }
    return product
  }
}

extension CLIPModel {
  /// Whether matrices are stored in 8 bits.
  fileprivate var isQuantized: Bool {
    schema.parameters.contains { storedType(of: $0) == .i8 }
  }
}

extension [Int] {
  /// At most `count` elements, evenly.
  fileprivate func spread(_ count: Int) -> [Int] {
    guard self.count > count else { return self }
    return (0..<count).map { self[$0 * self.count / count] }
  }
}
