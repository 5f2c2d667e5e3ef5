import Archives
import ModelDiff
import Verification

// The report for people. Lists are short; `--json` prints everything.
extension DiffOutput {
  private static let mostRows = 10
  /// Of tensors that rounding explains.
  private static let mostExplainedRows = 3

  /// One line if weights and settings are the same in every bit, and both models record all settings.
  var lines: [String] { comparisonLines + incompleteLines }

  private var incompleteLines: [String] {
    switch incompleteSide {
    case .a: ["  not compared  settings that A does not record: B's were taken"]
    case .b: ["  not compared  settings that B does not record: A's were taken"]
    case nil: []
    }
  }

  private var comparisonLines: [String] {
    let formats = "A: \(a.format), B: \(b.format)"
    switch verdict {
    case .same:
      let types = weights.types.map { "; \($0.text)" }.joined()
      return [
        "same weights and settings: all \(counted(weights.comparedCount, "tensor")) are bit-equal (\(formats)\(types))"
      ]
    case .rounded:
      return ["same weights and settings after rounding to \(narrowTypes): \(weights.summary) (\(formats))"]
        + embeddingLines
    case .quantized:
      return [
        "same weights and settings, rounded in a bundle: the tower ids are equal; \(weights.summary) (\(formats))"
      ] + tensorLines(atMost: Self.mostExplainedRows) + embeddingLines
    case .different:
      return [headline, "  A             \(a.text)", "  B             \(b.text)"] + idLines
        + settings.map(\.line) + presenceLines + weights.types.map { "  stored        \($0.text)" }
        + tensorLines(atMost: Self.mostRows) + embeddingLines + bisections.flatMap(\.lines)
    }
  }

  private var headline: String {
    let settingsText =
      settings.isEmpty
      ? "all settings are equal"
      : "\(counted(settings.count, "setting")) differ\(settings.count == 1 ? "s" : "")"
    let isOnlySettings = weights.equalCount == weights.comparedCount && weights.absentCount == 0
    return isOnlySettings
      ? "different settings, same weights: all \(counted(weights.comparedCount, "tensor")) are bit-equal; \(settingsText)"
      : "different: \(weights.summary); \(settingsText)"
  }

  private var narrowTypes: String {
    Set(weights.tensors.map(\.narrowType)).sorted().joined(separator: " and ")
  }

  /// Why weights that rounding could explain are not the same.
  private var idLines: [String] {
    guard weights.differentCount == 0, weights.explainedCount > 0 else { return [] }
    return weights.idsAgree.sorted { $0.key < $1.key }.map { tower, agree in
      "  tower id      \(tower): "
        + (agree ? "equal" : "not equal, so that the bundle was made from other weights or settings")
    }
  }

  private var presenceLines: [String] {
    let shapes = weights.shapes.map { "  shape         \($0.name): \($0.a) in A, \($0.b) in B" }
    return limited(weights.onlyInA.map { "  only in A     \($0)" }, Self.mostRows)
      + limited(weights.onlyInB.map { "  only in B     \($0)" }, Self.mostRows)
      + limited(shapes, Self.mostRows)
  }

  private func tensorLines(atMost count: Int) -> [String] { limited(weights.tensors.map(\.line), count) }

  private var embeddingLines: [String] {
    let compared = embeddings.map { row in
      "  embeddings    \(counted(row.probes, row.tower)): worst cosine "
        + "\(BoundedFigure.text(row.worstCosine, digits: 7)), mean \(BoundedFigure.text(row.meanCosine, digits: 7))"
    }
    return compared
      + skipped.map { "  embeddings    of \($0.tower)s are not compared: \($0.reason)" }
  }

  /// The first rows, and how many more there are.
  private func limited(_ rows: [String], _ count: Int) -> [String] {
    guard rows.count > count else { return rows }
    return rows.prefix(count) + ["                and \(rows.count - count) more; --json lists all"]
  }
}

extension DiffOutput.Side {
  /// `ViT-B-32.pt (ViT-B/32, torchscript)`.
  fileprivate var text: String { "\(path.unbroken) (\(model), \(format))" }
}

extension DiffOutput.TypeRow {
  fileprivate var text: String { "\(counted(tensorCount, "tensor")) stored as \(a) in A and \(b) in B" }
}

extension DiffOutput.Weights {
  fileprivate var absentCount: Int { onlyInA.count + onlyInB.count + shapes.count }

  /// `1 of 302 tensors differs, 301 are bit-equal`.
  fileprivate var summary: String {
    func part(_ count: Int, _ one: String, _ many: String) -> String? {
      count == 0 ? nil : "\(count) \(count == 1 ? one : many)"
    }
    let differing =
      differentCount == 0
      ? nil
      : "\(differentCount) of \(counted(comparedCount, "tensor")) differ\(differentCount == 1 ? "s" : "")"
    let tensors = differentCount == 0 ? "of \(counted(comparedCount, "tensor")) " : ""
    let parts = [
      differing,
      part(
        explainedCount, "\(tensors)differs by no more than rounding explains",
        "\(tensors)differ by no more than rounding explains"),
      part(roundedCount, "is equal after rounding", "are equal after rounding"),
      part(equalCount, "is bit-equal", "are bit-equal"),
      part(absentCount, "is not in both, or has another shape", "are not in both, or have other shapes"),
    ]
    return parts.compactMap(\.self).joined(separator: ", ")
  }
}

extension DiffOutput.SettingRow {
  fileprivate var line: String {
    func side(_ value: String?, _ source: String?) -> String {
      (value ?? "absent") + (source.map { " (\($0))" } ?? "")
    }
    return "  setting       \(field): \(side(a, sourceOfA)) in A, \(side(b, sourceOfB)) in B"
  }
}

extension DiffOutput.TensorRow {
  /// The type that both sides were rounded to.
  fileprivate var narrowType: String { ["BF16", "F16"].first { $0 == typeInA || $0 == typeInB } ?? "F32" }

  fileprivate var line: String {
    let names = [nameInA.map { "\($0) in A" }, nameInB.map { "\($0) in B" }].compactMap(\.self)
    return
      "  tensor        \(name): \(error), \(changedCount) of \(counted(shape.reduce(1, *), "value"))\(reason)"
      + (names.isEmpty ? "" : " (\(names.joined(separator: ", ")))")
  }

  private var reason: String {
    switch relation {
    case .explained: ", explained by rounding"
    case .rounded: ", equal after rounding"
    case .different: ""
    }
  }

  private var error: String {
    guard let relativeRms else { return "A is zero" }
    return "relative RMS "
      + (relativeRms >= 0.01 ? fixed(relativeRms, 4) : BoundedFigure.text(relativeRms, atMost: nil))
  }
}

extension DiffOutput.BisectionRow {
  private static let mostEffects = 5

  fileprivate var lines: [String] {
    var lines: [String] = []
    if let set = smallestSet, let cosine = cosineOfSet { lines.append(causeLine(set, cosine)) }
    let ranking = effects.filter { !isOpened($0.part) && $0.moved < 1 }
    if smallestSet?.count != 1 {
      lines += ranking.prefix(Self.mostEffects).map { effect in
        "  effect        \(effect.part.text) of A alone moves \(tower)s of B to cosine \(figure(effect.moved))"
      }
    }
    let count = "\(passes) \(passes == 1 ? "pass" : "passes")"
    lines.append(
      "  searched      \(count) on \(counted(probes, tower)), at cosine \(figure(cosine)) before"
        + (smallestSet?.count == 1 ? "" : "; --json lists all \(counted(effects.count, "effect"))"))
    if !unmeasured.isEmpty || smallestSet == nil {
      lines.append(
        "  stopped       after \(count); \(counted(unmeasured.count, "part")) not measured: --passes allows more"
      )
    }
    return lines
  }

  /// Whether the tensors of a block were measured too.
  private func isOpened(_ part: DiffOutput.PartRow) -> Bool {
    part.kind == .block
      && effects.contains { $0.part.kind == .tensor && $0.part.name.hasPrefix(part.name + ".") }
  }

  private func causeLine(_ set: [DiffOutput.PartRow], _ cosine: Double) -> String {
    let result = "cosine of B's \(tower)s to A's \(figure(self.cosine)) → \(figure(cosine))"
    if set.count == 1 { return "  cause         \(set[0].text) alone: taken from A, \(result)" }
    let names = set.prefix(Self.mostEffects).map(\.text).joined(separator: ", ")
    let more = set.count > Self.mostEffects ? " and \(set.count - Self.mostEffects) more" : ""
    return "  cause         \(set.count) parts together: taken from A, \(result): \(names)\(more)"
  }

  private func figure(_ cosine: Double) -> String { BoundedFigure.text(cosine, digits: 6) }
}

extension DiffOutput.PartRow {
  fileprivate var text: String {
    switch kind {
    case .setting: "the setting \(name)"
    case .block: "\(name) (\(counted(tensorCount, "tensor")))"
    case .tensor: name
    }
  }
}
