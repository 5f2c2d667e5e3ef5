import CKernels
import CPlatform

/// The kernels of one instruction set and how many threads a call may use.
struct Compute {
  var kernels: UnsafePointer<pk_kernels>
  var threads: Int
}

/// A parallel loop's body as a value on its caller's stack: a Swift closure that outlives no call would still be
/// copied to the heap on its way into C.
///
/// Parts run in any order on any worker; what a part computes must depend on its index alone.
protocol ParallelWork {
  /// Calls `run` on the value that the context points to. Each type spells it out, since a C function cannot be
  /// generic.
  static var body: pf_body { get }

  /// - Parameter worker: below the number of threads; parts with equal workers never run at the same time.
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

/// 0 ..< count cut into parts of equal size, the last one perhaps shorter.
struct Parts {
  let count: Int
  let size: Int
  private let total: Int

  /// - Parameters:
  ///   - wanted: how many parts the threads need to finish at about the same time.
  ///   - minimum: a part smaller than this is not worth handing over.
  init(_ total: Int, wanted: Int, minimum: Int = 1) {
    self.total = total
    size = max(minimum, (total + wanted - 1) / max(wanted, 1), 1)
    count = (total + size - 1) / size
  }

  subscript(part: Int) -> Range<Int> { part * size..<min((part + 1) * size, total) }
}
