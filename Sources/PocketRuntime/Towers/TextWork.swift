import Architecture
import CKernels
import CPlatform

/// The texts of a slice. Each part is some of them: its worker waits for no other until it has finished, and its values
/// stay in the caches of one core. With few rows, or parts of different sizes, all workers share every operation.
struct TextWork: ParallelWork {
  let compute: Compute
  let tower: TextTower
  let weights: TextWeights
  let scratch: TextScratch
  let items: Int
  let observer: StageObserver?

  /// Afterwards `scratch.results` has a row per text.
  @inline(never)
  func run() {
    let parts = scratch.parts.count
    if observer == nil, parts > 0, (0..<parts).allSatisfy({ fits(items(of: $0)) }) {
      run(parts: parts, threads: compute.threads)
    } else {
      encode(0..<items, scratch.transformer, compute)
    }
  }

  static var body: pf_body {
    { context, part, worker in
      context?.assumingMemoryBound(to: TextWork.self).pointee.run(part: part, worker: worker)
    }
  }

  func run(part: Int, worker: Int) {
    encode(items(of: part), scratch.parts[part], Compute(kernels: compute.kernels, threads: 1))
  }

  private func items(of part: Int) -> Range<Int> { firstItem(part)..<firstItem(part + 1) }

  /// The text whose start is closest to an equal share of the rows.
  private func firstItem(_ part: Int) -> Int {
    let row = Int(scratch.starts[items]) * part / scratch.parts.count
    var item = 0
    while item < items, Int(scratch.starts[item] + scratch.starts[item + 1]) <= 2 * row { item += 1 }
    return item
  }

  /// Whether these texts are a part of the right size: enough rows, and at most a tenth more than an equal share.
  private func fits(_ items: Range<Int>) -> Bool {
    let rows = Int(scratch.starts[items.upperBound] - scratch.starts[items.lowerBound])
    return rows >= TextScratch.leastPartRows && rows <= scratch.partRows && items.count <= scratch.partItems
      && rows * scratch.parts.count * 10 <= Int(scratch.starts[self.items]) * 11
  }

  @inline(never)
  private func encode(_ items: Range<Int>, _ buffers: TransformerScratch, _ compute: Compute) {
    let starts = scratch.starts + items.lowerBound
    buffers.result = scratch.results.dropping(items.lowerBound)
    let transformer = TransformerPass(
      compute: compute, stack: tower.stack, scratch: buffers,
      segments: Segments(starts: starts, items: items.count), isCausal: tower.isCausal, pooledRow: .last,
      tower: .text)
    TextPass(tower: tower, weights: weights, transformer: transformer)
      .run(ids: scratch.ids + Int(starts[0]), observer: observer)
  }
}
