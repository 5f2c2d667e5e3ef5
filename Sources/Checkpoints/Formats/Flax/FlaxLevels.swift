internal import Archives

/// Which map of a Flax state holds the model: the top, or one below it (`params`), beside `batch_stats`; or several, of
/// which the names choose.
struct FlaxLevels {
  /// Keys that lead to the parameters; none where several maps on one level hold parameters.
  let wrapperKeys: [String]
  /// The maps whose keys tell their names apart, all of one level; empty where one map holds the model.
  private let maps: Set<[String]>

  /// Maps inside maps that are looked into.
  private static let deepest = 4

  /// The highest level at which names look like a CLIP's; the top where none does. Maps that hold no weights count where
  /// no other does.
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

  /// The name below the model's map; nil for what lies elsewhere.
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
