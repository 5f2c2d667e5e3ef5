internal import CPlatform

/// Runs `body(0) … body(count − 1)` on the process's threads and returns when all have finished.
///
/// Parts can run at the same time. Each must only write what belongs to its index, so that no result depends on the
/// number of threads.
///
/// - Parameter threads: the most threads; 0: all that this process may use.
package func parallelFor(_ count: Int, threads: Int = 0, _ body: (Int) -> Void) {
  typealias Body = (Int) -> Void
  withoutActuallyEscaping(body) { escaping in
    var box: Body = escaping
    withUnsafeMutablePointer(to: &box) { context in
      pf_parallel_for(
        count, threads,
        { context, index, _ in
          context?.assumingMemoryBound(to: Body.self).pointee(index)
        }, context)
    }
  }
}

/// Processors that this process may use, as `parallelFor` does.
package var usableProcessorCount: Int { pf_thread_count() }
