import Architecture
import BundleFormat
import CKernels
import CPocketCLIP

/// What a call for pictures reads.
enum ImageBatch {
  /// 8-bit RGB of any size.
  case pictures(UnsafePointer<pclip_image>)
  /// count × 3 × S × S, ready.
  case pixels(UnsafePointer<Float>)
}

extension Session {
  /// Computes `count` pictures in slices.
  func encode(_ batch: ImageBatch, count: Int, _ output: inout BatchOutput) throws(RuntimeFault) {
    guard let tower = model.description.architecture.image, let plan = plan.image else {
      throw RuntimeFault.missing(.imageTower)
    }
    var slice = ImageSlice(plan, memory)
    var first = 0
    while first < count {
      let items = first..<min(first + plan.items, count)
      gather(items, of: batch, tower, plan, into: &slice, &output)
      run(slice, plan, &output)
      slice.removeAll()
      first = items.upperBound
    }
  }

  /// The items that can be computed; the others fail here.
  private func gather(
    _ items: Range<Int>, of batch: ImageBatch, _ tower: ImageTower, _ plan: ImagePlan,
    into slice: inout ImageSlice, _ output: inout BatchOutput
  ) {
    let size = tower.imageSize
    switch batch {
    case .pixels(let pixels):
      for item in items {
        let picture = pixels + item * 3 * size * size
        if isFinite(picture, count: 3 * size * size) {
          slice.append(picture, item: item)
        } else {
          output.fail(item, .pixelNotFinite(item: item))
        }
      }
    case .pictures(let images):
      let pixels = plan.pixels.rows(in: memory)
      for item in items {
        do throws(RuntimeFault) {
          try check(images[item], item: item)
          slice.append(UnsafePointer(pixels[slice.items]), item: item)
        } catch {
          output.fail(item, error)
        }
      }
      preparation?.prepare(images, slots: slice.slots, count: slice.items, into: pixels)
    }
  }

  private func isFinite(_ values: UnsafePointer<Float>, count: Int) -> Bool {
    for index in 0..<count where !values[index].isFinite { return false }
    return true
  }

  /// - Throws: `imageSize` or `argument`, as the item's own fault.
  func check(_ image: pclip_image, item: Int) throws(RuntimeFault) {
    guard image.width > 0, image.height > 0 else {
      throw RuntimeFault.pictureEmpty(item: item, width: image.width, height: image.height)
    }
    guard image.width <= limits.maxWidth, image.height <= limits.maxHeight else {
      throw RuntimeFault.pictureTooLarge(
        item: item, width: image.width, height: image.height, limits: limits)
    }
    guard image.pixels != nil else { throw RuntimeFault.pictureWithoutPixels(item: item) }
    let rowBytes = 3 * Int(image.width)
    guard image.stride == 0 || rowBytes...Session.maximumStride ~= image.stride else {
      throw RuntimeFault.strideTooSmall(item: item, found: image.stride, needed: rowBytes)
    }
  }

  /// A row distance beyond this is a mistake; times the height it still fits an `Int`.
  private static let maximumStride = 1 << 40

  private func run(_ slice: ImageSlice, _ plan: ImagePlan, _ output: inout BatchOutput) {
    guard slice.items > 0, let weights = model.image else { return }
    switch (model.description.architecture.image, weights, plan.tower) {
    case (.visionTransformer(let tower), .visionTransformer(let weights), .visionTransformer(let plan)):
      let result = pass(tower, weights, plan, items: slice.items).run(slice.pictures, observer: observer)
      for slot in 0..<slice.items { output.store(result[slot], item: slice.slots[slot]) }
    case (.modifiedResNet(let tower), .modifiedResNet(let weights), .modifiedResNet(let plan)):
      let pass = ModifiedResNetPass(
        compute: model.compute, tower: tower, weights: weights, scratch: ResNetScratch(plan, memory))
      for slot in 0..<slice.items {
        let result = pass.run(slice.pictures[slot], observer: observer)
        output.store(result[0], item: slice.slots[slot])
      }
    default: break  // The three were made from one description.
    }
  }

  private func pass(
    _ tower: VisionTransformer, _ weights: VisionTransformerWeights, _ plan: TransformerPlan, items: Int
  ) -> VisionTransformerPass {
    let scratch = TransformerScratch(plan, memory)
    for item in 0...items { scratch.starts[item] = Int32(truncatingIfNeeded: item * tower.tokenCount) }
    let transformer = TransformerPass(
      compute: model.compute, stack: tower.stack, scratch: scratch,
      segments: Segments(starts: scratch.starts, items: items), kind: .image)
    return VisionTransformerPass(tower: tower, weights: weights, transformer: transformer)
  }
}

/// Pictures gathered for one pass.
struct ImageSlice {
  let pictures: UnsafeMutablePointer<UnsafePointer<Float>>
  let slots: UnsafeMutablePointer<Int>
  private(set) var items = 0

  init(_ plan: ImagePlan, _ memory: UnsafeMutableRawPointer) {
    pictures = plan.pictures.rows(in: memory).base
    slots = plan.slots.rows(in: memory).base
  }

  mutating func append(_ pixels: UnsafePointer<Float>, item: Int) {
    pictures[items] = pixels
    slots[items] = item
    items += 1
  }

  mutating func removeAll() { items = 0 }
}
