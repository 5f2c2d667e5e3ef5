import CPocketCLIP

/// Runs the body of a C function: its fault becomes the return value and fills `target`.
func report(
  _ target: UnsafeMutablePointer<pclip_error>?, _ body: () throws(RuntimeFault) -> Void
) -> Int32 {
  target?.initialize(to: pclip_error())
  do throws(RuntimeFault) {
    try body()
    return Int32(PCLIP_OK)
  } catch {
    target?.pointee.fill(error)
    return error.code.rawValue
  }
}

/// A required pointer of a call.
func required<Pointer>(_ pointer: Pointer?, _ name: StaticString) throws(RuntimeFault) -> Pointer {
  guard let pointer else { throw RuntimeFault.null(name) }
  return pointer
}

/// An output buffer must hold count × width values.
func require(
  capacity: Int, atLeast count: Int, times width: Int, _ name: StaticString
) throws(RuntimeFault) {
  let (needed, overflow) = count.multipliedReportingOverflow(by: width)
  guard !overflow, needed >= 0, needed <= Int.max / 8 else {
    throw RuntimeFault.beyondAddressSpace("count")
  }
  guard capacity >= needed || capacity < 0 else {
    throw RuntimeFault.capacity(name, found: capacity, needed: needed)
  }
}

// Handles are retained references: the caller owns one until it closes or destroys it.
extension Model {
  var handle: OpaquePointer { OpaquePointer(Unmanaged.passRetained(self).toOpaque()) }

  static func of(_ handle: OpaquePointer) -> Model {
    Unmanaged<Model>.fromOpaque(UnsafeRawPointer(handle)).takeUnretainedValue()
  }
}

extension Session {
  var handle: OpaquePointer { OpaquePointer(Unmanaged.passRetained(self).toOpaque()) }

  /// The session behind a handle of `pclip_session_create`.
  package static func of(_ handle: OpaquePointer) -> Session {
    Unmanaged<Session>.fromOpaque(UnsafeRawPointer(handle)).takeUnretainedValue()
  }
}
