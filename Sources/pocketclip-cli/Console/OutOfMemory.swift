import CProcess
import Foundation

/// Says so where there is no memory. Swift's own allocations cannot fail: they end the process, without a word.
///
/// What is large is probed or allocated fallibly before (`MemoryProbe`, the runtime); this catches the rest. Outputs are
/// safe, since nothing has its name before it is complete.
enum OutOfMemory {
  /// What the runtimes of Swift and C++ and Foundation end a process with.
  private static let signals = [SIGABRT, SIGILL, SIGTRAP]
  /// By number: handlers that were there before, such as the one that prints a backtrace.
  nonisolated(unsafe) private static let earlier = UnsafeMutablePointer<sigaction>.allocate(capacity: 32)
  private static let message: StaticString =
    """
    pocketclip: out of memory
      hint: raise the limit on address space (ulimit -v), or use a machine with more memory

    """

  static func install() {
    cp_drop_allocation_failures()
    for number in signals {
      guard sigaction(number, nil, earlier + Int(number)) == 0 else { continue }
      signal(number) { number in
        // A failed allocation leaves this behind, and what leads from there to here leaves it as it is.
        if errno == ENOMEM {
          write(STDERR_FILENO, OutOfMemory.message.utf8Start, OutOfMemory.message.utf8CodeUnitCount)
          _exit(ExitStatus.memory.rawValue)
        }
        sigaction(number, OutOfMemory.earlier + Int(number), nil)
        raise(number)
      }
    }
  }
}
