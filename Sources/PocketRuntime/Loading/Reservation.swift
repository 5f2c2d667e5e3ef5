import CPlatform

/// Reserves memory for every allocation until `close`.
///
/// Embedded Swift ends the process if an allocation fails. Within a reservation, no allocation fails. In the ordinary
/// Swift library this type does nothing.
struct Reservation {
  #if hasFeature(Embedded)
    private let arena: OpaquePointer
  #endif

  /// - Parameter byteCount: the most that will be allocated.
  /// - Throws: `memory` if the system does not have it.
  init(_ byteCount: Int, for what: StaticString) throws(RuntimeFault) {
    #if hasFeature(Embedded)
      guard let arena = pf_arena_open(byteCount) else {
        throw RuntimeFault.memory(what, byteCount: byteCount)
      }
      self.arena = arena
    #endif
  }

  /// Returns unused memory to the system. Allocations stay valid.
  func close() {
    #if hasFeature(Embedded)
      pf_arena_close(arena)
    #endif
  }
}
