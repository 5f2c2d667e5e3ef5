package import Architecture

/// A tensor as another library stores it: a block of a canonical tensor, with axes in that library's order.
package struct PublishedTensor: Sendable, Equatable {
  package var name: String
  package var parameter: Parameter
  /// Flat indices of the block in the canonical tensor.
  package var elements: Range<Int>
  /// Extents of the block, in canonical order.
  package var blockShape: [Int]
  /// The block's axes in the library's order, like NumPy's `transpose(axes)`.
  package var axes: [Int]

  /// Extents in the library's order.
  package var shape: [Int] { axes.map { blockShape[$0] } }
}

/// Libraries for which a model can be written, identified by their tensor names.
package enum PublishedNaming: Sendable {
  /// OpenAI's state dict; open_clip's `CLIP` has the same names.
  case openAI
  /// transformers' `CLIPModel` and its towers.
  case huggingFace

  /// The library's tensors for a canonical tensor: the rows that read its files, applied in reverse.
  package func tensors(of parameter: Parameter) -> [PublishedTensor] {
    let found = convention.rows.compactMap { $0.published(parameter) }
    guard let first = found.first else { return [] }
    return first.elements.count == parameter.elementCount ? [first] : found
  }

  private var convention: NamingConvention {
    switch self {
    case .openAI: .openAI
    case .huggingFace: .huggingFace
    }
  }
}

extension NameRow {
  /// The source tensor that this row would read as `parameter` or a part of it; nil if the row reads other tensors.
  fileprivate func published(_ parameter: Parameter) -> PublishedTensor? {
    guard change.block == nil, let captures = canonical.match(parameter.name.description),
      let axes = change.sourceAxes(rank: parameter.shape.count)
    else { return nil }
    var shape = parameter.shape
    var elements = 0..<parameter.elementCount
    if case .rows(let part, let count) = change.target {
      let partCount = parameter.elementCount / count
      shape[0] /= count
      elements = part * partCount..<(part + 1) * partCount
    }
    return PublishedTensor(
      name: source.filled(with: captures), parameter: parameter, elements: elements, blockShape: shape,
      axes: axes)
  }
}

extension LayoutChange {
  /// The canonical axes in the source's order; nil if the source has other axes.
  fileprivate func sourceAxes(rank: Int) -> [Int]? {
    // Canonical axis i is the source's axis order[i].
    var order = Array(0..<rank)
    for step in view {
      switch step {
      case .permuted(let axes):
        guard axes.count == rank else { return nil }
        order = axes.map { order[$0] }
      case .coloursSecond: continue
      case .merged: return nil
      }
    }
    var axes = order
    for (canonical, source) in order.enumerated() { axes[source] = canonical }
    return axes
  }
}
