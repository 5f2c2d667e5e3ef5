internal import Foundation

/// Whether memory can be had, for code whose allocations end the process when they fail: those of Swift's arrays.
package enum MemoryProbe {
  /// What small allocations beside the large ones may need meanwhile.
  private static let reserve = 8 << 20

  /// Whether the address space has room for `byteCount` bytes. What this says holds until somebody else allocates.
  package static func hasRoom(for byteCount: Int) -> Bool {
    let (size, overflow) = byteCount.addingReportingOverflow(reserve)
    // What handles traps takes ENOMEM for their cause: an answer of no must not leave it in errno.
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
