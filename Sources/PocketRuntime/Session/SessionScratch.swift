import Architecture
import BundleFormat
import CPlatform

/// Bounds of what a session takes.
struct SessionLimits {
  var maxBatch: Int
  var maxWidth: Int
  var maxHeight: Int
}

/// Every buffer of a session's calls.
struct SessionScratch {
  /// Held by the call that is using the rest.
  let claim: UnsafeMutablePointer<pf_claim>
  let image: ImageScratch?
  let text: TextScratch?
  /// The embedding of a self-test's input.
  let selfTestVector: UnsafeMutablePointer<Float>
  /// Nil when the sizes do not fit an `Int`.
  let byteCount: Int?

  /// - Parameter base: the memory, or nil to learn `byteCount`.
  init(_ model: Model, _ limits: SessionLimits, base: UnsafeMutableRawPointer?) {
    let architecture = model.description.architecture
    // A session makes one call at a time: both towers use the same memory.
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

  /// Rows of a transformer pass beyond which more items gain nothing: the weights are used often enough, and the
  /// rows still fit the caches.
  static let rowTarget = 448
}

/// An image tower as a session runs it: what it is, its weights, and what it computes in.
enum ImageEncoder {
  case patches(PatchTrunkWeights, TransformerScratch)
  /// The first buffers are for one image that all workers share; where each works on an image of its own, all are
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
  let encoder: ImageEncoder

  /// Enough for none to wait long for the last.
  private static let imagesPerWorker = 4
  /// Each takes the memory of all its maps.
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
      encoder = .patches(
        weights,
        TransformerScratch(
          &memory, weights.trunk.stack, rows: items * tower.tokenCount, items: items,
          itemRows: tower.tokenCount, outputs: tower.outputWidth,
          patchElements: weights.trunk.patchElementCount, form: form, workers: workers))
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
  }
}

final class TextScratch {
  /// Texts computed together: as many as have room for their rows.
  let items: Int
  let rows: Int
  /// Ids of the text being read.
  let context: UnsafeMutablePointer<Int32>
  /// Ids of all rows of the slice.
  let ids: UnsafeMutablePointer<Int32>
  /// Index in the batch of each text.
  let slots: UnsafeMutablePointer<Int>
  let transformer: TransformerScratch

  init(_ memory: inout ScratchMemory, _ tower: TextTower, _ model: Model, _ limits: SessionLimits) {
    rows = min(limits.maxBatch * tower.contextLength, max(SessionScratch.rowTarget, tower.contextLength))
    items = min(limits.maxBatch, rows)
    context = memory.buffer(tower.contextLength, of: Int32.self)
    ids = memory.buffer(rows, of: Int32.self)
    slots = memory.buffer(items, of: Int.self)
    transformer = TransformerScratch(
      &memory, tower.stack, rows: rows, items: items, itemRows: tower.contextLength,
      outputs: tower.outputWidth, patchElements: 0, form: model.textForm,
      workers: model.compute.threads)
  }
}
