import CKernels

/// Divides a session's single allocation into buffers.
///
/// Before the memory exists, the same requests run without memory to compute the number of bytes. So
/// `pclip_session_size` always agrees with `pclip_session_create`.
struct ScratchMemory {
  /// Nil while measuring.
  private let base: UnsafeMutableRawPointer?
  /// Bytes assigned so far; nil once a size overflows an `Int`.
  private(set) var byteCount: Int? = 0

  static var imaginary: ScratchMemory { ScratchMemory(base: nil) }

  init(base: UnsafeMutableRawPointer?) { self.base = base }

  /// Rows of `stride` elements, aligned to 64 bytes.
  @inline(never)
  mutating func rows<Element>(_ count: Int, _ stride: Int, of type: Element.Type) -> Rows<Element> {
    let start = takeBytes(count, stride, MemoryLayout<Element>.stride)
    let address = (base ?? ScratchMemory.placeholder) + start
    return Rows(base: address.assumingMemoryBound(to: Element.self), stride: stride)
  }

  mutating func buffer<Element>(_ count: Int, of type: Element.Type) -> UnsafeMutablePointer<Element> {
    rows(1, count, of: type).base
  }

  /// Shares the memory of `other`: the two are never in use at the same time.
  mutating func join(_ other: ScratchMemory) {
    guard let own = byteCount, let others = other.byteCount else {
      byteCount = nil
      return
    }
    byteCount = max(own, others)
  }

  private mutating func takeBytes(_ count: Int, _ stride: Int, _ elementBytes: Int) -> Int {
    guard let start = byteCount else { return 0 }
    let (elements, overflow) = count.multipliedReportingOverflow(by: stride)
    let (bytes, byteOverflow) = elements.multipliedReportingOverflow(by: elementBytes)
    let (end, endOverflow) = bytes.addingReportingOverflow(start + FileMemory.alignment - 1)
    let isAddressable = !overflow && !byteOverflow && !endOverflow
    byteCount = isAddressable ? end / FileMemory.alignment * FileMemory.alignment : nil
    return start
  }

  /// An address that is never read or written.
  private static var placeholder: UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(bitPattern: FileMemory.alignment).unsafelyUnwrapped
  }
}

/// Rows of elements, `stride` apart.
struct Rows<Element> {
  var base: UnsafeMutablePointer<Element>
  var stride: Int

  subscript(row: Int) -> UnsafeMutablePointer<Element> { base + row * stride }

  func dropping(_ count: Int) -> Rows { Rows(base: self[count], stride: stride) }
}

/// Distance between rows of `count` elements, which linear layers read in groups of four.
func rowStride<Element>(_ count: Int, of type: Element.Type) -> Int {
  pk_row_stride((count + 3) / 4 * 4, MemoryLayout<Element>.size)
}
