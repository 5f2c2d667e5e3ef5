internal import CPlatform

/// A loop whose parts run on the process's thread pool.
enum ParallelLoop {
  /// Runs `body(i)` for every i below `count`, on at most `threads` threads (0: all that this process may use), and
  /// returns when all are done.
  static func run(count: Int, threads: Int, _ body: @Sendable (Int) -> Void) {
    withoutActuallyEscaping(body) { escapable in
      let context = Unmanaged.passRetained(Body(escapable))
      defer { context.release() }
      pf_parallel_for(
        count, threads,
        { context, index, _ in
          guard let context else { return }
          Unmanaged<Body>.fromOpaque(context).takeUnretainedValue().run(index)
        }, context.toOpaque())
    }
  }

  private final class Body: Sendable {
    let run: @Sendable (Int) -> Void

    init(_ run: @escaping @Sendable (Int) -> Void) { self.run = run }
  }
}
