internal import Checkpoints

/// Maps a source pattern to a canonical pattern and a layout change.
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

/// The tensor names of one library, as data. Rows are tried in order; the first that matches a name maps it.
struct NamingConvention: Sendable {
  /// As printed by `inspect`.
  var name: String
  var library: Library
  /// The convention applies only if at least one of these tensors exists.
  var markers: [String]
  /// A shape that distinguishes conventions in which one name has different meanings.
  var shapeMark: ShapeMark?
  /// Whether a text tower that no other tensor identifies as SigLIP's is causal.
  var hasCausalText = true
  var rows: [NameRow]

  /// Matrices with this name (any index for `{}`) that must have more rows than columns.
  struct ShapeMark: Sendable {
    var tallMatrices: [NamePattern]

    init(tallMatrices: [String]) { self.tallMatrices = tallMatrices.map(NamePattern.init) }
  }

  /// The library whose defaults apply to settings that a configuration does not state.
  enum Library: Sendable {
    case openAI, huggingFace, kerasHub
  }

  /// The canonical name of a source tensor and its layout change, or of each block of a fused one; empty for an unknown
  /// name.
  func canonical(_ source: String) -> [(name: String, change: LayoutChange)] {
    guard let first = rows.first(where: { $0.source.match(source) != nil }) else { return [] }
    let blocks = first.change.block == nil ? [first] : rows.filter { $0.source == first.source }
    return blocks.compactMap { row in
      row.source.match(source).map { (row.canonical.filled(with: $0), row.change) }
    }
  }

  /// The first convention that has a marker among the tensors and whose shape mark fits them.
  static func detect(among tensors: [CheckpointTensor]) -> NamingConvention? {
    let names = Set(tensors.map(\.name))
    return all.first { convention in
      convention.markers.contains(where: names.contains)
        && (convention.shapeMark?.isBorne(by: tensors) ?? true)
    }
  }
}

extension NamingConvention.ShapeMark {
  /// Whether a matrix with such a name exists and all of them have more rows than columns.
  fileprivate func isBorne(by tensors: [CheckpointTensor]) -> Bool {
    let matrices = tensors.filter { tensor in tallMatrices.contains { $0.match(tensor.name) != nil } }
    return !matrices.isEmpty && matrices.allSatisfy { $0.shape.count == 2 && $0.shape[0] > $0.shape[1] }
  }
}
