internal import Foundation

/// Checks whether memory is available, for code whose failed allocations end the process (Swift's arrays).
package enum MemoryProbe {
  /// Reserve for small allocations that happen in addition.
  private static let reserve = 8 << 20

  /// Whether the address space has room for `byteCount` bytes. The result is valid until the next allocation.
  package static func hasRoom(for byteCount: Int) -> Bool {
    let (size, overflow) = byteCount.addingReportingOverflow(reserve)
    // The trap handler interprets ENOMEM as the cause of a trap, so a negative result must not leave it in errno.
    let number = errno
    defer { errno = number }
    guard !overflow, size > 0,
      let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0),
      memory != MAP_FAILED
    else { return false }
    munmap(memory, size)
    return true
  }
}
