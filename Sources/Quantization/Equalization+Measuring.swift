package import Architecture
private import BundleFormat
internal import Parallel
private import Synchronization

extension Equalization {
  /// Computes the exponents of all pairs from the unmodified weights, pairs in parallel.
  ///
  /// - Parameter includes: whether the consumers of a tower are stored as int8.
  package init<Source: ParameterSource>(
    of source: Source, _ parameters: [Parameter], threads: Int, includes: (Tower?) -> Bool
  ) throws(Source.Failure) {
    let pairs = EqualizedPair.all(in: parameters).filter { includes(parameters[$0.consumer].tower) }
    let found = Mutex<[[Int32]]>([[Int32]](repeating: [], count: pairs.count))
    let failure = Mutex<Source.Failure?>(nil)
    parallelFor(pairs.count, threads: threads) { index in
      do throws(Source.Failure) {
        let exponents = try pairs[index].exponents(in: parameters, of: source)
        found.withLock { $0[index] = exponents }
      } catch {
        let error = error
        failure.withLock { $0 = $0 ?? error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
    self.init()
    for (pair, exponents) in zip(pairs, found.withLock { $0 }) { add(pair, exponents) }
  }
}
