import Architecture
import BundleFormat
import CPlatform

/// Limits of the inputs that a session accepts.
struct SessionLimits {
  var maxBatch: Int
  var maxWidth: Int
  var maxHeight: Int
}

/// Every buffer of a session's calls.
struct SessionScratch {
  /// Held by the call that uses the other buffers.
  let claim: UnsafeMutablePointer<pf_claim>
  let image: ImageScratch?
  let text: TextScratch?
  /// The embedding of a self-test's input.
  let selfTestVector: UnsafeMutablePointer<Float>
  /// Nil if the sizes overflow an `Int`.
  let byteCount: Int?

  /// - Parameter base: the memory, or nil to compute `byteCount`.
  init(_ model: Model, _ limits: SessionLimits, base: UnsafeMutableRawPointer?) {
    let architecture = model.description.architecture
    // A session serves one call at a time, so both towers use the same memory.
    var memory = ScratchMemory(base: base)
    claim = memory.buffer(1, of: pf_claim.self)
    selfTestVector = memory.buffer(
      max(architecture.image?.outputWidth ?? 0, architecture.text?.outputWidth ?? 0), of: Float.self)
    var textMemory = memory
    image = model.image.map { ImageScratch(&memory, $0, model, limits) }
    text = architecture.text.map { TextScratch(&textMemory, $0, model, limits) }
    memory.join(textMemory)
    byteCount = memory.byteCount
  }

  /// Rows of a transformer pass beyond which more items do not help: weights are reused often enough, and the rows
  /// still fit the caches.
  static let rowTarget = 448
}

/// An image tower in a session: its kind, its weights, and its buffers.
enum ImageEncoder {
  case patches(PatchTrunkWeights, TransformerScratch, ProbePoolScratch?)
  /// All workers share the first scratch for one image. If each worker computes its own image, all scratches are
  /// used.
  case resNet(ResNetTrunkWeights, [ResNetTrunkScratch], results: Rows<Float>)
}

final class ImageScratch {
  /// Images computed together.
  let items: Int
  /// A prepared image per row.
  let pixels: Rows<Float>
  let images: UnsafeMutablePointer<UnsafePointer<Float>>
  /// Index in the batch of each image.
  let slots: UnsafeMutablePointer<Int>
  /// First row of each image in a transformer, then the end of the last.
  let starts: UnsafeMutablePointer<Int32>
  let encoder: ImageEncoder

  /// Enough images per worker that none idles long at the end of a batch.
  private static let imagesPerWorker = 4
  /// Bounds memory, because each image needs all of its maps.
  private static let imagesAtOnce = 16

  @inline(never)
  init(
    _ memory: inout ScratchMemory, _ weights: ImageWeights, _ model: Model, _ limits: SessionLimits
  ) {
    let tower = weights.tower
    let form = model.imageForm
    let workers = model.compute.threads
    switch weights {
    case .patches(let weights):
      items = min(limits.maxBatch, max(1, SessionScratch.rowTarget / tower.tokenCount))
      let result = memory.rows(items, tower.outputWidth, of: Float.self)
      var pool: ProbePoolScratch?
      var otherWidth = weights.trunk.patchElementCount
      if case .probe(let probe) = weights.end {
        pool = ProbePoolScratch(&memory, probe.pool, of: tower, items: items, form: form, workers: workers)
        otherWidth = max(otherWidth, probe.pool.mlpWidth)
      }
      encoder = .patches(
        weights,
        TransformerScratch(
          &memory, weights.trunk.stack, rows: items * tower.tokenCount, items: items,
          itemRows: tower.tokenCount, result: result, otherWidth: otherWidth, form: form, workers: workers),
        pool)
    case .resNet(let weights):
      items = min(limits.maxBatch, ImageScratch.imagesPerWorker * workers)
      let alone = items < workers ? 1 : min(workers, ImageScratch.imagesAtOnce)
      encoder = .resNet(
        weights,
        (0..<alone).map { worker in
          ResNetTrunkScratch(&memory, weights, form, workers: worker == 0 ? workers : 1)
        }, results: memory.rows(items, tower.outputWidth, of: Float.self))
    }
    pixels = memory.rows(items, 3 * tower.imageSize * tower.imageSize, of: Float.self)
    images = memory.buffer(items, of: UnsafePointer<Float>.self)
    slots = memory.buffer(items, of: Int.self)
    starts = memory.buffer(items + 1, of: Int32.self)
  }
}

final class TextScratch {
  /// Number of texts computed together: as many as their rows fit.
  let items: Int
  let rows: Int
  /// Ids of the current text.
  let context: UnsafeMutablePointer<Int32>
  /// Ids of all rows of the slice.
  let ids: UnsafeMutablePointer<Int32>
  /// Index in the batch of each text.
  let slots: UnsafeMutablePointer<Int>
  /// First row of each text, then the end of the last.
  let starts: UnsafeMutablePointer<Int32>
  /// A row per text of the slice.
  let results: Rows<Float>
  /// For all texts of the slice.
  let transformer: TransformerScratch
  /// For some texts of the slice each, in the same memory: one per worker, or none.
  let parts: [TransformerScratch]
  /// The most texts of a part, and their rows.
  let partItems: Int
  let partRows: Int

  /// Rows that use weights often enough for one worker to read all of them.
  static let leastPartRows = 64

  init(_ memory: inout ScratchMemory, _ tower: TextTower, _ model: Model, _ limits: SessionLimits) {
    let workers = model.compute.threads
    let most = min(limits.maxBatch * tower.contextLength, max(SessionScratch.rowTarget, tower.contextLength))
    items = min(limits.maxBatch, most)
    context = memory.buffer(tower.contextLength, of: Int32.self)
    ids = memory.buffer(most, of: Int32.self)
    slots = memory.buffer(items, of: Int.self)
    starts = memory.buffer(items + 1, of: Int32.self)
    results = memory.rows(items, tower.outputWidth, of: Float.self)
    let count = workers > 1 && workers <= min(items, most / TextScratch.leastPartRows) ? workers : 0
    // Parts need not be equal, and take no more memory than all rows together.
    partItems = items * 17 / 16 / max(count, 1) + 1
    partRows = most * 15 / 16 / max(count, 1)
    rows = count > 0 ? max(most * 7 / 8, tower.contextLength) : most
    var partMemory = memory
    var scratches: [TransformerScratch] = []
    for _ in 0..<count {
      scratches.append(
        TextScratch.transformer(
          &partMemory, tower, model, rows: partRows, items: partItems, result: results, workers: 1))
    }
    parts = scratches
    transformer = TextScratch.transformer(
      &memory, tower, model, rows: most, items: items, result: results, workers: workers)
    memory.join(partMemory)
  }

  @inline(never)
  private static func transformer(
    _ memory: inout ScratchMemory, _ tower: TextTower, _ model: Model, rows: Int, items: Int,
    result: Rows<Float>,
    workers: Int
  ) -> TransformerScratch {
    TransformerScratch(
      &memory, tower.stack, rows: rows, items: items, itemRows: tower.contextLength,
      result: result, otherWidth: 0, form: model.textForm, workers: workers)
  }
}
