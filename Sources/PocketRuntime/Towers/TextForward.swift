import Architecture
import CKernels

/// `CLIP.encode_text` of OpenAI's `clip/model.py` for a ragged slice of texts. Each text ends at its pooled token,
/// because causal rows do not attend to later ones.
struct TextPass {
  let tower: TextTower
  let weights: TextWeights
  let transformer: TransformerPass

  /// Afterwards `scratch.result` has a row of `outputWidth` values per item.
  ///
  /// - Parameter ids: one per row of all items, each below the vocabulary size.
  func run(ids: UnsafePointer<Int32>, observer: StageObserver?) {
    embed(ids)
    let rows = transformer.segments.rowCount
    observer?(.embedding(.text), transformer.values(transformer.scratch.stream, rows: rows))
    transformer.run(weights.blocks, observer: observer)
    transformer.project(weights.lnFinal, weights.projection, observer: observer)
  }

  private func embed(_ ids: UnsafePointer<Int32>) {
    let segments = transformer.segments
    for item in 0..<segments.items {
      let rows = segments.rows(of: item)
      for row in rows {
        embed(Int(ids[row]), position: row - rows.lowerBound, into: transformer.scratch.stream[row])
      }
    }
  }

  /// One row: token plus positional embedding. Tables have different row strides, so each is addressed separately.
  private func embed(_ id: Int, position: Int, into target: UnsafeMutablePointer<Float>) {
    let kernels = transformer.compute.kernels.pointee
    let width = tower.stack.width
    let positions = weights.positions.row(position)
    var first: Int32 = 0
    let offset = id * weights.tokens.stride
    switch weights.tokens.values {
    case .f32(let table): kernels.embed_f32(1, width, &first, table + offset, positions, target, width)
    case .f16(let table): kernels.embed_f16(1, width, &first, table + offset, positions, target, width)
    case .s8(let table, let scale):
      kernels.embed_s8(1, width, &first, table + offset, scale + id, positions, target, width)
    }
  }
}
