internal import Archives

/// Finds the towers of a CLIP among the names of a file or of all its shards, below whatever prefix they lie.
struct TowerSearch {
  /// Where the towers lie: one site, or one for each tower. Empty where no name is a tower's.
  let sites: [TowerSite]
  /// Prefixes of towers that were not chosen.
  private let others: Set<String>

  /// - Parameter prefix: what the user chose; nil where there should be one model only.
  /// - Throws: `severalModels` or `noModelBelowPrefix`, naming the prefixes there are.
  init(_ names: [TensorName], below prefix: String?) throws(ReadError) {
    let found = Self.sites(names)
    if let prefix {
      let typed = TensorName(prefix.isEmpty || prefix.hasSuffix(".") ? prefix : prefix + ".").plain
      let chosen = found.filter { $0.prefix == typed }
      guard !chosen.isEmpty else {
        throw ReadError(
          .noModelBelowPrefix, expected: Self.list(found).map { "one of " + $0 } ?? "no --prefix",
          found: "\"\(prefix)\"")
      }
      sites = chosen
    } else {
      guard found.count < 2 || (found.count == 2 && found[0].completes(found[1])) else {
        throw ReadError(.severalModels, found: Self.list(found))
      }
      sites = found
    }
    others = Set(found.map(\.prefix)).subtracting(sites.map(\.prefix))
  }

  /// The site that a name lies in, unless it lies in another one inside that was not chosen; nil for all else.
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

  private static func list(_ sites: [TowerSite]) -> String? {
    guard !sites.isEmpty else { return nil }
    let shown = sites.prefix(6).map { "\"\($0.prefix)\" (\($0.content))" }.joined(separator: ", ")
    return sites.count > 6 ? "\(shown) and \(sites.count - 6) more" : shown
  }
}
