import CKernels
import CPlatform

/// The kernels of one instruction set and how many threads a call may use.
struct Compute {
  var kernels: UnsafePointer<pk_kernels>
  var threads: Int
}

/// The body of a parallel loop as a value on its caller's stack. Swift would copy even a non-escaping closure to the
/// heap to pass it to C.
///
/// Parts run in any order on any worker. The result of a part must depend on its index only.
protocol ParallelWork {
  /// Calls `run` on the value that the context points to. Each type implements it, because a C function cannot be
  /// generic.
  static var body: pf_body { get }

  /// - Parameter worker: below the number of threads. Parts with equal workers never run at the same time.
  func run(part: Int, worker: Int)
}

extension ParallelWork {
  func run(parts: Int, threads: Int) {
    if parts <= 1 || threads <= 1 {
      for part in 0..<parts { run(part: part, worker: 0) }
    } else {
      withUnsafePointer(to: self) { work in
        pf_parallel_for(parts, threads, Self.body, UnsafeMutableRawPointer(mutating: work))
      }
    }
  }
}

/// 0 ..< count in parts of equal size; the last one can be shorter.
struct Parts {
  let count: Int
  let size: Int
  private let total: Int

  /// - Parameters:
  ///   - wanted: the number of parts at which the threads finish at about the same time.
  ///   - minimum: the smallest part that is worth scheduling.
  init(_ total: Int, wanted: Int, minimum: Int = 1) {
    self.total = total
    size = max(minimum, (total + wanted - 1) / max(wanted, 1), 1)
    count = (total + size - 1) / size
  }

  subscript(part: Int) -> Range<Int> { part * size..<min((part + 1) * size, total) }
}
