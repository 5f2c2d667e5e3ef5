import CPlatform

/// Memory for everything that is allocated until it is closed.
///
/// Embedded Swift ends the process where an allocation fails; within a reservation that was to be had, none does. The
/// ordinary Swift library allocates as ever and promises nothing.
struct Reservation {
  #if hasFeature(Embedded)
    private let arena: OpaquePointer
  #endif

  /// - Parameter byteCount: what is allocated at most.
  /// - Throws: `memory` when the system does not have it.
  init(_ byteCount: Int, for what: StaticString) throws(RuntimeFault) {
    #if hasFeature(Embedded)
      guard let arena = pf_arena_open(byteCount) else {
        throw RuntimeFault.memory(what, byteCount: byteCount)
      }
      self.arena = arena
    #endif
  }

  /// Gives back what was not used; what was allocated lives on.
  func close() {
    #if hasFeature(Embedded)
      pf_arena_close(arena)
    #endif
  }
}
