import CKernels

/// Where each buffer of a computation lies in a session's one allocation.
///
/// Planned once, before the memory exists: `pclip_session_size` and `pclip_session_create` walk the same plan.
struct ScratchPlan {
  /// Bytes so far; nil once a size did not fit an `Int`.
  private(set) var byteCount: Int? = 0

  /// Room for rows × stride elements, starting on 64 bytes.
  mutating func reserve<Element>(_ rows: Int, _ stride: Int, of type: Element.Type) -> Region<Element> {
    let start = byteCount ?? 0
    let (elements, overflow) = rows.multipliedReportingOverflow(by: stride)
    let (bytes, byteOverflow) = elements.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    let (end, endOverflow) = bytes.addingReportingOverflow(start + 63)
    byteCount = overflow || byteOverflow || endOverflow || byteCount == nil ? nil : end / 64 * 64
    return Region(byteOffset: start, stride: stride)
  }

  /// Plans that are never in use at the same time share their memory.
  mutating func join(_ other: ScratchPlan) {
    guard let own = byteCount, let others = other.byteCount else {
      byteCount = nil
      return
    }
    byteCount = max(own, others)
  }
}

/// A buffer of a plan: rows `stride` elements apart.
struct Region<Element> {
  let byteOffset: Int
  let stride: Int

  func rows(in memory: UnsafeMutableRawPointer) -> Rows<Element> {
    Rows(base: (memory + byteOffset).assumingMemoryBound(to: Element.self), stride: stride)
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
