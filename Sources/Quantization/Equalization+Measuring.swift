package import Architecture
private import BundleFormat
internal import Parallel
package import Progress
private import Synchronization

extension Equalization {
  /// Computes the exponents of all pairs from the unmodified weights, pairs in parallel.
  ///
  /// - Parameters:
  ///   - progress: counts the bytes of the consumers, as FP32.
  ///   - includes: whether the consumers of a tower are stored as int8.
  package init<Source: ParameterSource>(
    of source: Source, _ parameters: [Parameter], threads: Int, progress: WorkProgress = .unwatched,
    includes: (Tower?) -> Bool
  ) throws(Source.Failure) {
    let pairs = Self.pairs(in: parameters, includes)
    let found = Mutex<[[Int32]]>([[Int32]](repeating: [], count: pairs.count))
    let failure = Mutex<Source.Failure?>(nil)
    parallelFor(pairs.count, threads: threads) { index in
      do throws(Source.Failure) {
        let exponents = try pairs[index].exponents(in: parameters, of: source)
        found.withLock { $0[index] = exponents }
        progress.add(4 * parameters[pairs[index].consumer].elementCount)
      } catch {
        let error = error
        failure.withLock { $0 = $0 ?? error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
    self.init()
    for (pair, exponents) in zip(pairs, found.withLock { $0 }) { add(pair, exponents) }
  }

  /// Of the consumers that are measured.
  package static func elementCount(_ parameters: [Parameter], includes: (Tower?) -> Bool) -> Int {
    pairs(in: parameters, includes).reduce(0) { $0 + parameters[$1.consumer].elementCount }
  }

  private static func pairs(in parameters: [Parameter], _ includes: (Tower?) -> Bool) -> [EqualizedPair] {
    EqualizedPair.all(in: parameters).filter { includes(parameters[$0.consumer].tower) }
  }
}
