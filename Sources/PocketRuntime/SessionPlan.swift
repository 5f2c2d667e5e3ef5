import Architecture
import BundleFormat

/// Bounds of what one call of a session computes together, and every buffer that takes.
struct SessionPlan {
  let image: ImagePlan?
  let text: TextPlan?
  let byteCount: Int

  /// Nil when the sizes do not fit an `Int`.
  init?(_ model: Model, _ limits: SessionLimits) {
    let architecture = model.description.architecture
    var imagePlan = ScratchPlan()
    var textPlan = ScratchPlan()
    image = architecture.image.map { ImagePlan(&imagePlan, $0, model, limits) }
    text = architecture.text.map { TextPlan(&textPlan, $0, model, limits) }
    // A session makes one call at a time: both towers use the same memory.
    imagePlan.join(textPlan)
    guard let bytes = imagePlan.byteCount else { return nil }
    byteCount = bytes
  }

  /// Rows of a transformer pass beyond which more items gain nothing: the weights are used often enough, and the
  /// rows still fit the caches.
  static let rowTarget = 1024
}

struct SessionLimits {
  var maxBatch: Int
  var maxWidth: Int
  var maxHeight: Int
}

struct ImagePlan {
  /// Pictures computed together.
  let items: Int
  let pixels: Region<Float>
  let pictures: Region<UnsafePointer<Float>>
  /// Index in the batch of each picture.
  let slots: Region<Int>
  let tower: TowerPlan

  enum TowerPlan {
    case visionTransformer(TransformerPlan)
    case modifiedResNet(ResNetPlan)
  }

  init(_ plan: inout ScratchPlan, _ tower: ImageTower, _ model: Model, _ limits: SessionLimits) {
    let tokens: Int =
      switch tower {
      case .visionTransformer(let tower): tower.tokenCount
      case .modifiedResNet: SessionPlan.rowTarget
      }
    items = min(limits.maxBatch, max(1, SessionPlan.rowTarget / tokens))
    pixels = plan.reserve(items, 3 * tower.imageSize * tower.imageSize, of: Float.self)
    pictures = plan.reserve(1, items, of: UnsafePointer<Float>.self)
    slots = plan.reserve(1, items, of: Int.self)
    let isQuantized = model.quantizes(.image)
    let workers = model.compute.threads
    switch tower {
    case .visionTransformer(let tower):
      self.tower = .visionTransformer(
        TransformerPlan(
          &plan, tower.stack, isQuantized: isQuantized, rows: items * tokens, items: items, itemRows: tokens,
          outputs: tower.projection ?? tower.stack.width, patchElements: tower.patchElementCount,
          workers: workers))
    case .modifiedResNet(let tower):
      self.tower = .modifiedResNet(
        ResNetPlan(&plan, tower, isQuantized: isQuantized, workers: workers))
    }
  }
}

struct TextPlan {
  /// Texts computed together: as many as have room for their rows.
  let items: Int
  let rows: Int
  /// Ids of the text being read.
  let context: Region<Int32>
  /// Ids of all rows of the slice.
  let ids: Region<Int32>
  /// Index in the batch of each text.
  let slots: Region<Int>
  let transformer: TransformerPlan

  init(_ plan: inout ScratchPlan, _ tower: TextTower, _ model: Model, _ limits: SessionLimits) {
    rows = min(limits.maxBatch * tower.contextLength, max(SessionPlan.rowTarget, tower.contextLength))
    items = min(limits.maxBatch, rows)
    context = plan.reserve(1, tower.contextLength, of: Int32.self)
    ids = plan.reserve(1, rows, of: Int32.self)
    slots = plan.reserve(1, items, of: Int.self)
    transformer = TransformerPlan(
      &plan, tower.stack, isQuantized: model.quantizes(.text), rows: rows, items: items,
      itemRows: tower.contextLength, outputs: tower.outputWidth, patchElements: 0,
      workers: model.compute.threads)
  }
}
