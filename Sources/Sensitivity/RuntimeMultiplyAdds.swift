internal import Architecture
internal import BundleFormat

extension CLIPArchitecture {
  /// Multiply-adds of a matrix per item in the runtime, which skips what does not reach the embedding: in the last block
  /// all but the pooled token (queries too), in attention pooling the keys and values of single tokens.
  ///
  /// - Parameter rows: of an item, in the reference.
  func computedMultiplyAdds(of parameter: Parameter, rows: Int) -> Int {
    guard let matrix = WeightMatrix(parameter), rows > 0 else { return 0 }
    let size = matrix.outputs * matrix.inputs
    let name = parameter.name.description
    if name.hasPrefix("visual.attnpool.") { return size }
    guard let last = lastBlock(of: parameter.tower), name.hasPrefix(last) else { return rows * size }
    // A third of the in-projection's rows computes queries.
    return name.hasSuffix(".in_proj_weight") ? size / 3 * (2 * rows + 1) : size
  }

  private func lastBlock(of tower: Tower?) -> String? {
    switch tower {
    case .image:
      guard let image, case .patches(let trunk) = image.trunk, image.pool == .classToken else { return nil }
      return "visual.transformer.resblocks.\(trunk.stack.layers - 1)."
    case .text: return text.map { "transformer.resblocks.\($0.stack.layers - 1)." }
    case nil: return nil
    }
  }
}
