import CProcess
import Foundation

/// Prints a message if memory runs out. A failed allocation of Swift's own ends the process without any message.
///
/// Large allocations are probed first or can fail with an error (`MemoryProbe`, the runtime). This handles the rest.
/// Outputs are safe, because a file gets its name only when it is complete.
enum OutOfMemory {
  /// The signals with which the runtimes of Swift and C++, and Foundation, end a process.
  private static let signals = [SIGABRT, SIGILL, SIGTRAP]
  /// The earlier handlers by signal number, such as the one that prints a backtrace.
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
        // A failed allocation sets errno, and no code between it and this handler changes it.
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
