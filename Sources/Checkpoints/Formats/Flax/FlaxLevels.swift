internal import Archives

/// Finds the map of a Flax state that holds the model: the top, or one below it (`params`) next to `batch_stats`. If
/// several maps hold parameters, tensor names decide.
struct FlaxLevels {
  /// Keys that lead to the parameters; empty if several maps on one level hold parameters.
  let wrapperKeys: [String]
  /// Several maps on one level that hold parameters. Their keys stay part of the names. Empty if one map holds the
  /// model.
  private let maps: Set<[String]>

  /// The deepest nesting of maps that is searched.
  private static let deepest = 4

  /// Finds the highest level at which names look like a CLIP's; the top if there is none. Maps without weights count
  /// only if no other map matches.
  init(_ leaves: [FlaxTree.Leaf]) {
    let leaves = leaves.filter(\.isArray)
    let weights = leaves.filter { OtherValues.meaning(of: $0.path.map { $0[...] }) == nil }
    let found = Self.highest(weights)
    if found.count == 1 {
      (wrapperKeys, maps) = (found.first ?? [], [])
    } else {
      (wrapperKeys, maps) = ([], found.isEmpty ? Self.highest(leaves) : found)
    }
  }

  private static func highest(_ leaves: [FlaxTree.Leaf]) -> Set<[String]> {
    for depth in 0..<deepest {
      var prefixes: Set<[String]> = []
      for leaf in leaves {
        let path = leaf.path
        guard path.count > depth else { continue }
        if TensorNames.beginsAsCLIP(path.dropFirst(depth).joined(separator: ".")) {
          prefixes.insert(Array(path.prefix(depth)))
        }
      }
      if !prefixes.isEmpty { return prefixes }
    }
    return []
  }

  private var statisticsKeys: [String]? {
    wrapperKeys.last == "params" ? wrapperKeys.dropLast() + ["batch_stats"] : nil
  }

  /// The name below the model's map; nil for entries elsewhere.
  func name(of leaf: FlaxTree.Leaf) -> String? {
    if let depth = maps.first?.count {
      return maps.contains(Array(leaf.path.prefix(depth))) ? leaf.name : nil
    }
    for keys in [wrapperKeys, statisticsKeys].compactMap({ $0 }) where leaf.path.starts(with: keys) {
      return leaf.path.dropFirst(keys.count).joined(separator: ".")
    }
    return nil
  }
}
