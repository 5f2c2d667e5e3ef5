internal import Models
internal import ReferenceForward

/// Tries mistakes one at a time, then in pairs, on a sample of the inputs.
struct MistakeSearch {
  let runner: PassRunner
  let subject: Subject
  let mistakes: [Mistake]
  let given: GivenVectors
  let effort: Effort
  let tolerance: Tolerance
  let logitScale: Double?
  /// Inputs of the first comparison.
  let compared: [Int]
  /// Their closeness to the right vectors; nil if the width differs.
  let before: Closeness?

  /// Explanations, best first.
  func run(triesPairs: Bool) throws(DiagnosisError) -> [Candidate] {
    let screened = sample(effort.screened)
    runner.keep(screened)
    let stated = Trial(runner.model)
    let start = Start(trial: stated, mistakes: [], prepared: try runner.prepare(screened, stated))
    let singles = try candidates(from: start, screened).ranked(floor: tolerance.rounding)
    let few = Array(screened.prefix(effort.paired))
    var found = try confirmed(singles)
    if triesPairs, !found.contains(where: tolerance.explains) {
      let pairs = try pairs(of: singles, few)
      found = (found + (try confirmed(pairs))).ranked(floor: tolerance.rounding)
    }
    found = try refined(found, few)
    let confirmedNames = Set(found.map { $0.mistakes.map(\.words) })
    return found + singles.filter { !confirmedNames.contains($0.mistakes.map(\.words)) }
  }

  /// If the best explanation leaves more than rounding: others of the same topics in place of its mistakes, and one mistake
  /// more.
  private func refined(_ found: [Candidate], _ inputs: [Int]) throws(DiagnosisError) -> [Candidate] {
    guard let best = found.first, tolerance.explains(best), best.error > 10 * tolerance.rounding else {
      return found
    }
    var others: [Candidate] = []
    if best.mistakes.count > 1 {
      for kept in best.mistakes {
        let replaced = Set(best.mistakes.map(\.topic)).subtracting([kept.topic])
        others += try candidates(from: start(with: [kept], inputs), inputs) { replaced.contains($0.topic) }
      }
    }
    if best.error > tolerance.exact {
      let start = try start(with: best.mistakes, inputs)
      others += try candidates(from: start, inputs)
    }
    let names = Set(found.map { Set($0.mistakes.map(\.words)) })
    others = others.filter { !names.contains(Set($0.mistakes.map(\.words))) }.ranked(
      floor: tolerance.rounding)
    guard let other = try confirmed(Array(others.prefix(1))).first, other.error < best.error / 10 else {
      return found
    }
    return [other] + found
  }

  private func start(with mistakes: [Mistake], _ inputs: [Int]) throws(DiagnosisError) -> Start {
    var trial = Trial(runner.model)
    for mistake in mistakes { mistake.change(&trial) }
    return Start(trial: trial, mistakes: mistakes, prepared: try runner.prepare(inputs, trial))
  }

  /// A trial that further mistakes are added to.
  private struct Start {
    var trial: Trial
    var mistakes: [Mistake]
    var prepared: PassRunner.Prepared
  }

  /// Inputs that differ most, and others evenly between most and least.
  private func sample(_ count: Int) -> [Int] {
    let order = compared.indices.sorted {
      let (first, second) = (before?.errors[$0] ?? 0, before?.errors[$1] ?? 0)
      return first == second ? $0 < $1 : first > second
    }
    let positions = (0..<min(count, order.count)).map { $0 * order.count / min(count, order.count) }
    return positions.map { compared[order[$0]] }
  }

  /// Every mistake, or those that are wanted, added to a start.
  private func candidates(
    from start: Start, _ inputs: [Int], where isWanted: (Mistake) -> Bool = { _ in true }
  ) throws(DiagnosisError) -> [Candidate] {
    let topics = Set(start.mistakes.map(\.topic))
    var result: [Candidate] = []
    for mistake in mistakes where !topics.contains(mistake.topic) && isWanted(mistake) {
      var trial = start.trial
      mistake.change(&trial)
      let chosen = start.mistakes + [mistake]
      let rows = chosen.contains(where: \.isOfBatch) ? compared : inputs
      guard trial.model.outputWidth(subject.tower) == given.width else { continue }
      let prepared = try runner.prepare(rows, trial)
      if rows == inputs, prepared == start.prepared, mistake.topic.stage != .layers,
        mistake.topic.stage != .vectors
      {
        continue  // without effect on these inputs
      }
      result.append(try candidate(chosen, trial, prepared, rows))
    }
    return result
  }

  private func candidate(
    _ mistakes: [Mistake], _ trial: Trial, _ prepared: PassRunner.Prepared, _ inputs: [Int]
  ) throws(DiagnosisError) -> Candidate {
    let vectors = try runner.vectors(prepared, trial)
    let rows = given.rows(inputs.map { trial.rowOrder?[$0] ?? $0 })
    return Candidate(
      mistakes: mistakes, before: closenessBefore(inputs), after: Closeness(rows, vectors), trial: trial,
      form: VectorForm(rows, vectors, logitScale: logitScale))
  }

  private func closenessBefore(_ inputs: [Int]) -> Closeness {
    guard let before else { return Closeness(errors: inputs.map { _ in 1 }) }
    return Closeness(errors: inputs.map { before.errors[compared.firstIndex(of: $0) ?? 0] })
  }

  /// The best, on more inputs.
  private func confirmed(_ candidates: [Candidate]) throws(DiagnosisError) -> [Candidate] {
    let inputs = sample(effort.confirmed).sorted()
    var result: [Candidate] = []
    for candidate in candidates.prefix(Self.confirmedCount) {
      let rows = candidate.mistakes.contains(where: \.isOfBatch) ? compared : inputs
      let prepared = try runner.prepare(rows, candidate.trial)
      result.append(try self.candidate(candidate.mistakes, candidate.trial, prepared, rows))
    }
    return result.ranked(floor: tolerance.rounding)
  }

  private static let confirmedCount = 4

  /// The best mistakes, each with every other.
  private func pairs(of singles: [Candidate], _ inputs: [Int]) throws(DiagnosisError) -> [Candidate] {
    var result: [Candidate] = []
    var tried: Set<Set<String>> = []
    for first in starts(singles) {
      let start = Start(
        trial: first.trial, mistakes: first.mistakes, prepared: try runner.prepare(inputs, first.trial))
      for pair in try candidates(from: start, inputs) {
        guard tried.insert(Set(pair.mistakes.map(\.words))).inserted else { continue }
        result.append(pair)
      }
      if result.contains(where: tolerance.explains) { break }
    }
    return result.ranked(floor: tolerance.rounding)
  }

  /// The best of each topic before the second best of any.
  private func starts(_ singles: [Candidate]) -> [Candidate] {
    var perTopic: [Topic: Int] = [:]
    let ranked = singles.enumerated().map { index, candidate in
      let topic = candidate.mistakes[0].topic
      perTopic[topic, default: 0] += 1
      return (rank: perTopic[topic] ?? 0, index: index, candidate: candidate)
    }
    return ranked.sorted { ($0.rank, $0.index) < ($1.rank, $1.index) }.prefix(effort.firsts).map(\.candidate)
  }
}
