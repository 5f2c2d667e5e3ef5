import Architecture
import CKernels
import CPlatform

/// Images of a ResNet. Each part is one image, so that its maps stay in the caches of one core.
struct ResNetWork: ParallelWork {
  var compute: Compute
  let weights: ResNetTrunkWeights
  /// One per worker, or a single one if images are computed one at a time.
  let scratches: [ResNetTrunkScratch]
  let images: UnsafeMutablePointer<UnsafePointer<Float>>
  /// A row per image.
  let results: Rows<Float>
  let observer: StageObserver?

  /// Images that divide evenly run one per thread; all threads share each remaining image.
  @inline(never)
  func run(images count: Int) {
    let threads = scratches.count
    let alone = observer != nil || threads == 1 ? 0 : count / threads * threads
    if alone > 0 {
      var single = self
      single.compute.threads = 1
      single.run(parts: alone, threads: threads)
    }
    for image in alone..<count { run(part: image, worker: 0) }
  }

  static var body: pf_body {
    { context, part, worker in
      context?.assumingMemoryBound(to: ResNetWork.self).pointee.run(part: part, worker: worker)
    }
  }

  @inline(never)
  func run(part: Int, worker: Int) {
    let pass = ResNetTrunkPass(
      compute: compute, weights: weights, scratch: scratches[worker])
    results[part].update(
      from: pass.run(images[part], observer: observer)[0], count: weights.tower.outputWidth)
  }
}
