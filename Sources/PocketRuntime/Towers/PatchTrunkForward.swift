import Architecture
import CKernels
import CPlatform

/// `VisionTransformer.forward` of OpenAI's `clip/model.py`, or `_Model` of big_vision's `models/vit.py`, for a slice of
/// images.
struct PatchTrunkPass {
  let weights: PatchTrunkWeights
  let transformer: TransformerPass
  /// Nil if the first token is pooled.
  let pool: ProbePoolScratch?

  /// - Parameter images: 3 × S × S pixels of each item.
  /// - Returns: the result, a row of `outputWidth` values per item.
  func run(_ images: UnsafePointer<UnsafePointer<Float>>, observer: StageObserver?) -> Rows<Float> {
    let scratch = transformer.scratch
    embedPatches(images)
    if let token = weights.classEmbedding { add(classToken: token) }
    if let norm = weights.lnPre {
      transformer.compute.normalized(
        rowCount, scratch.stream, width: trunk.stack.width, transformer.layerNorm(norm), into: scratch.stream)
    }
    observer?(
      weights.lnPre == nil ? .placedPatches : .embedding(.image),
      transformer.values(scratch.stream, rows: rowCount))
    transformer.run(weights.blocks, observer: observer)
    switch weights.end {
    case .firstToken(let projection):
      transformer.project(weights.lnPost, projection, observer: observer)
    case .probe(let probe):
      guard let pool else { break }
      ProbePoolPass(norm: weights.lnPost, weights: probe, transformer: transformer, scratch: pool).run(
        observer)
    }
    return scratch.result
  }

  private var rowCount: Int { transformer.segments.rowCount }
  private var imageSize: Int { weights.tower.imageSize }
  private var trunk: PatchTrunk { weights.trunk }
  private var patchCount: Int { trunk.patchCount(imageSize: imageSize) }
  private var tokenCount: Int { trunk.tokenCount(imageSize: imageSize) }

  /// Multiplies the patches of all items by the patch embedding and adds positions. Writes all rows but the class token
  /// of each item.
  private func embedPatches(_ images: UnsafePointer<UnsafePointer<Float>>) {
    let scratch = transformer.scratch
    let compute = transformer.compute
    let items = transformer.segments.items
    GatherPatchesWork(
      kernels: compute.kernels, images: images, trunk: trunk, imageSize: imageSize, patches: scratch.wide
    ).run(parts: items, threads: compute.threads)
    let input = compute.prepared(
      items * patchCount, scratch.wide, width: trunk.patchElementCount, for: weights.patchEmbedding,
      scratch.buffers)
    // One line of rows per item, because every item has the same positions.
    let lines = Lines(
      count: items, rowsPerLine: patchCount, inputStride: patchCount * input.stride,
      outputStride: tokenCount * scratch.stream.stride)
    let positions = Epilogue.Residual(
      values: weights.positions.row(trunk.prefix.count), rowStride: weights.positions.stride, lineStride: 0)
    compute.linear(
      weights.patchEmbedding, input, lines, into: scratch.stream.dropping(trunk.prefix.count),
      Epilogue(residual: positions))
  }

  private func add(classToken: UnsafePointer<Float>) {
    let compute = transformer.compute
    for item in 0..<transformer.segments.items {
      compute.kernels.pointee.add_f32(
        trunk.stack.width, classToken, weights.positions.row(0), transformer.scratch.stream[item * tokenCount]
      )
    }
  }
}

/// Each part cuts one image into patches.
private struct GatherPatchesWork: ParallelWork {
  var kernels: UnsafePointer<pk_kernels>
  var images: UnsafePointer<UnsafePointer<Float>>
  var trunk: PatchTrunk
  var imageSize: Int
  var patches: Rows<Float>

  static var body: pf_body {
    { context, part, worker in
      context?.assumingMemoryBound(to: GatherPatchesWork.self).pointee.run(part: part, worker: worker)
    }
  }

  func run(part item: Int, worker: Int) {
    let (size, side) = (imageSize, trunk.gridSize(imageSize: imageSize))
    var grid = pk_patch_grid(
      height: size, width: size, channels: 3, row_stride: size, column_stride: 1, channel_stride: size * size,
      kernel: trunk.patchSize, step: trunk.patchSize, padding: 0, output_width: side)
    kernels.pointee.gather_patches_f32(
      &grid, 0, side, images[item], 0, patches[item * side * side], patches.stride)
  }
}
