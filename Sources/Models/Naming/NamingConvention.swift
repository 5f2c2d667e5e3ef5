internal import Checkpoints

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
  /// Where libraries give the same name to different things, the shape that tells.
  var shapeMark: ShapeMark?
  var rows: [NameRow]

  /// Matrices of this name (any index for `{}`) that must have more rows than columns.
  struct ShapeMark: Sendable {
    var tallMatrices: [NamePattern]

    init(tallMatrices: [String]) { self.tallMatrices = tallMatrices.map(NamePattern.init) }
  }

  /// Whose defaults hold for what a configuration leaves out.
  enum Library: Sendable {
    case openAI, huggingFace, kerasHub
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

  /// The first convention one of whose markers is among the tensors, and whose shape mark they bear.
  static func detect(among tensors: [CheckpointTensor]) -> NamingConvention? {
    let names = Set(tensors.map(\.name))
    return all.first { convention in
      convention.markers.contains(where: names.contains)
        && (convention.shapeMark?.isBorne(by: tensors) ?? true)
    }
  }
}

extension NamingConvention.ShapeMark {
  /// Whether every matrix of such a name is tall, and there is one.
  fileprivate func isBorne(by tensors: [CheckpointTensor]) -> Bool {
    let matrices = tensors.filter { tensor in tallMatrices.contains { $0.match(tensor.name) != nil } }
    return !matrices.isEmpty && matrices.allSatisfy { $0.shape.count == 2 && $0.shape[0] > $0.shape[1] }
  }
}
