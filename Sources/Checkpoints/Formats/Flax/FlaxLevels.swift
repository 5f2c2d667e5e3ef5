internal import Archives

/// Which map of a Flax state holds the model: the top, or one below it (`params`), beside `batch_stats`.
struct FlaxLevels {
  /// Keys that lead to the parameters.
  let wrapperKeys: [String]
  private let statisticsKeys: [String]?

  /// Maps inside maps that are looked into.
  private static let deepest = 4

  /// The highest level at which names look like a CLIP's; the top where none does.
  ///
  /// - Throws: `severalStateDicts` for two on one level.
  init(_ leaves: [FlaxTree.Leaf]) throws(ReadError) {
    for depth in 0..<Self.deepest {
      var prefixes: Set<[String]> = []
      for leaf in leaves where leaf.path.count > depth {
        if TensorNames.isFromCLIP(leaf.path.dropFirst(depth).joined(separator: ".")) {
          prefixes.insert(Array(leaf.path.prefix(depth)))
        }
      }
      guard prefixes.count <= 1 else {
        let names = prefixes.map { $0.joined(separator: ".") }.sorted()
        throw ReadError(.severalStateDicts, found: names.joined(separator: ", "))
      }
      if let prefix = prefixes.first {
        self.init(wrapperKeys: prefix)
        return
      }
    }
    self.init(wrapperKeys: [])
  }

  private init(wrapperKeys: [String]) {
    self.wrapperKeys = wrapperKeys
    statisticsKeys = wrapperKeys.last == "params" ? wrapperKeys.dropLast() + ["batch_stats"] : nil
  }

  /// The name below the model's map; nil for what lies elsewhere.
  func name(of leaf: FlaxTree.Leaf) -> String? {
    for keys in [wrapperKeys, statisticsKeys].compactMap({ $0 }) where leaf.path.starts(with: keys) {
      return leaf.path.dropFirst(keys.count).joined(separator: ".")
    }
    return nil
  }
}
