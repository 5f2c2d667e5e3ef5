internal import Archives

/// Finds the towers of a CLIP among the names of a file or of all its shards, below any prefix.
struct TowerSearch {
  /// The sites of the towers: one for both, or one for each. Empty if no name is a tower's.
  let sites: [TowerSite]
  /// Prefixes of towers that were not selected, or hold no weights.
  private let others: Set<String>

  /// - Parameter prefix: the user's selection; nil if one model is expected.
  /// - Throws: `severalModels`, `noModelBelowPrefix` or `noWeights`, with the prefixes that exist.
  init(_ names: [TensorName], below prefix: String?) throws(ReadError) {
    let found = Self.sites(names)
    if let prefix {
      let typed = ["", ".", "/"].map { TensorName(prefix + $0).plain }
      let chosen = found.filter { typed.contains($0.prefix) }
      guard !chosen.isEmpty else {
        throw ReadError(
          .noModelBelowPrefix, expected: Self.list(found).map { "one of " + $0 } ?? "no --prefix",
          found: "\"\(prefix)\"")
      }
      sites = chosen
    } else {
      let weights = found.filter { $0.otherMeaning == nil }
      if weights.isEmpty, let first = found.first { throw Self.noWeights(first, found) }
      guard weights.count < 2 || (weights.count == 2 && weights[0].completes(weights[1])) else {
        throw ReadError(.severalModels, found: Self.list(weights))
      }
      sites = weights
    }
    others = Set(found.map(\.prefix)).subtracting(sites.map(\.prefix))
  }

  /// The site of a name; nil for names elsewhere, and for names in a nested site that was not selected.
  func site(of name: TensorName) -> TowerSite? {
    for depth in (0..<min(name.components.count, TowerMark.deepest + 1)).reversed() {
      let prefix = name.prefix(depth)
      if others.contains(prefix) { return nil }
      if let site = sites.first(where: { $0.prefix == prefix }) { return site }
    }
    return nil
  }

  private static func sites(_ names: [TensorName]) -> [TowerSite] {
    var sites: [String: TowerSite] = [:]
    for name in names {
      guard let (mark, depth) = TowerMark.first(in: name) else { continue }
      let prefix = name.prefix(depth)
      sites[prefix, default: TowerSite(prefix: prefix)].add(mark)
    }
    return sites.values.sorted { $0.prefix < $1.prefix }
  }

  private static func noWeights(_ first: TowerSite, _ found: [TowerSite]) -> ReadError {
    ReadError(
      .noWeights, expected: "weights of a CLIP", found: list(found),
      advice: "give the file of the weights, or use these values as weights with --prefix \(first.prefix)")
  }

  /// Whether a name is below a prefix that was not selected.
  func isOther(_ name: TensorName) -> Bool {
    (0..<min(name.components.count, TowerMark.deepest + 1)).contains { others.contains(name.prefix($0)) }
      && site(of: name) == nil
  }

  private static func list(_ sites: [TowerSite]) -> String? {
    guard !sites.isEmpty else { return nil }
    let shown = sites.prefix(6).map { "\"\($0.prefix)\" (\($0.description))" }.joined(separator: ", ")
    return sites.count > 6 ? "\(shown) and \(sites.count - 6) more" : shown
  }
}
