import CKernels
import CPlatform

extension Compute {
  /// Rounds a map to BF16, including its border and padding. Positions stay the same.
  func round(_ map: FeatureMap, into rounded: RoundedMap) {
    let lines = map.size + 2 * map.border
    let parts = Parts(lines, wanted: threads * 2, minimum: 4096 / map.lineStride)
    RoundWork(map: map, rounded: rounded, parts: parts).run(parts: parts.count, threads: threads)
  }
}

/// Each part rounds some lines.
private struct RoundWork: ParallelWork {
  var map: FeatureMap
  var rounded: RoundedMap
  var parts: Parts

  static var body: pf_body {
    { context, part, worker in
      context?.assumingMemoryBound(to: RoundWork.self).pointee.run(part: part, worker: worker)
    }
  }

  func run(part: Int, worker: Int) {
    let lines = parts[part]
    let first = lines.lowerBound * map.lineStride
    rounded.kernels.pointee.round_rows(
      1, lines.count * map.lineStride, map.values + first, 0, rounded.values + first, 0)
  }
}
