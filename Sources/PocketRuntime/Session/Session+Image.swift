import Architecture
import BundleFormat
import CKernels
import CPocketCLIP

/// The input of a call for images.
enum ImageBatch {
  /// 8-bit RGB of any size.
  case images(UnsafePointer<pclip_image>)
  /// count × 3 × S × S preprocessed values.
  case pixels(UnsafePointer<Float>)
}

extension Session {
  /// Computes `count` images in slices.
  func encode(_ batch: ImageBatch, count: Int, _ output: inout BatchOutput) throws(RuntimeFault) {
    guard let tower = model.description.architecture.image, let scratch = scratch.image else {
      throw RuntimeFault.missing(.imageTower)
    }
    var slice = ImageSlice(scratch)
    var first = 0
    while first < count {
      let items = first..<min(first + scratch.items, count)
      gather(items, of: batch, tower, into: &slice, &output)
      run(slice, &output)
      slice.removeAll()
      first = items.upperBound
    }
  }

  /// Gathers the items that can be computed. The others fail here.
  private func gather(
    _ items: Range<Int>, of batch: ImageBatch, _ tower: ImageTower,
    into slice: inout ImageSlice, _ output: inout BatchOutput
  ) {
    let size = tower.imageSize
    switch batch {
    case .pixels(let pixels):
      for item in items {
        let image = pixels + item * 3 * size * size
        if isFinite(image, count: 3 * size * size) {
          slice.append(image, item: item)
        } else {
          output.fail(item, .pixelNotFinite(item: item))
        }
      }
    case .images(let images):
      let pixels = slice.scratch.pixels
      for item in items {
        do throws(RuntimeFault) {
          try check(images[item], item: item)
          slice.append(UnsafePointer(pixels[slice.items]), item: item)
        } catch {
          output.fail(item, error)
        }
      }
      preparation?.prepare(images, slots: slice.scratch.slots, count: slice.items, into: pixels)
    }
  }

  private func isFinite(_ values: UnsafePointer<Float>, count: Int) -> Bool {
    // A finite sum of squares proves that every value is finite. An infinite sum can also come from large finite
    // values.
    if model.compute.kernels.pointee.dot_f32(count, values, values).isFinite { return true }
    for index in 0..<count where !values[index].isFinite { return false }
    return true
  }

  /// - Throws: `imageSize` or `argument`, as the fault of this item.
  func check(_ image: pclip_image, item: Int) throws(RuntimeFault) {
    guard image.width > 0, image.height > 0 else {
      throw RuntimeFault.imageEmpty(item: item, width: image.width, height: image.height)
    }
    guard image.width <= limits.maxWidth, image.height <= limits.maxHeight else {
      throw RuntimeFault.imageTooLarge(
        item: item, width: image.width, height: image.height, limits: limits)
    }
    guard image.pixels != nil else { throw RuntimeFault.imageWithoutPixels(item: item) }
    let rowBytes = 3 * Int(image.width)
    guard image.stride == 0 || rowBytes...Session.maximumStride ~= image.stride else {
      throw RuntimeFault.strideTooSmall(item: item, found: image.stride, needed: rowBytes)
    }
  }

  /// The largest accepted row stride. Multiplied by the height, it still fits an `Int`.
  private static let maximumStride = 1 << 40

  private func run(_ slice: ImageSlice, _ output: inout BatchOutput) {
    guard slice.items > 0 else { return }
    let scratch = slice.scratch
    switch scratch.encoder {
    case .patches(let weights, let buffers, let pool):
      let result = pass(weights, buffers, pool, scratch.starts, items: slice.items).run(
        scratch.images, observer: observer)
      for slot in 0..<slice.items { output.store(result[slot], item: scratch.slots[slot]) }
    case .resNet(let weights, let buffers, let results):
      ResNetWork(
        compute: model.compute, weights: weights, scratches: buffers,
        images: scratch.images, results: results, observer: observer
      ).run(images: slice.items)
      for slot in 0..<slice.items { output.store(results[slot], item: scratch.slots[slot]) }
    }
  }

  private func pass(
    _ weights: PatchTrunkWeights, _ scratch: TransformerScratch, _ pool: ProbePoolScratch?,
    _ starts: UnsafeMutablePointer<Int32>, items: Int
  ) -> PatchTrunkPass {
    let rows = weights.tower.tokenCount
    for item in 0...items { starts[item] = Int32(truncatingIfNeeded: item * rows) }
    let transformer = TransformerPass(
      compute: model.compute, stack: weights.trunk.stack, scratch: scratch,
      segments: Segments(starts: starts, items: items), isCausal: false,
      pooledRow: pool == nil ? .first : nil, tower: .image)
    return PatchTrunkPass(weights: weights, transformer: transformer, pool: pool)
  }
}

/// Images gathered for one pass.
private struct ImageSlice {
  let scratch: ImageScratch
  private(set) var items = 0

  init(_ scratch: ImageScratch) { self.scratch = scratch }

  mutating func append(_ pixels: UnsafePointer<Float>, item: Int) {
    scratch.images[items] = pixels
    scratch.slots[items] = item
    items += 1
  }

  mutating func removeAll() { items = 0 }
}
