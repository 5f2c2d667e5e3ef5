/// source pattern → canonical pattern, and what happens to the layout on the way.
struct NameRow: Sendable {
  var source: NamePattern
  var canonical: NamePattern
  var change: LayoutChange

  init(_ source: String, _ canonical: String, _ change: LayoutChange = .same) {
    self.source = NamePattern(source)
    self.canonical = NamePattern(canonical)
    self.change = change
  }
}

/// The names of one library, as data. Rows are tried in order; the first that fits a name maps it.
struct NamingConvention: Sendable {
  /// As printed by `inspect`.
  var name: String
  var library: Library
  /// Tensors of which at least one must be there for this convention to be meant.
  var markers: [String]
  var rows: [NameRow]

  /// Whose defaults hold for what a configuration leaves out.
  enum Library: Sendable {
    case openAI, huggingFace
  }

  /// The canonical name of a source tensor and its place there; nil for a name that the convention does not know.
  func canonical(_ source: String) -> (name: String, change: LayoutChange)? {
    for row in rows {
      if let captures = row.source.match(source) {
        return (row.canonical.filled(with: captures), row.change)
      }
    }
    return nil
  }

  /// The first convention one of whose markers is among `names`.
  static func detect(among names: Set<String>) -> NamingConvention? {
    all.first { $0.markers.contains(where: names.contains) }
  }
}
