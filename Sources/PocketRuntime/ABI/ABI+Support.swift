import CPlatform
import CPocketCLIP

/// Runs the body of a C function. A fault becomes the return value and fills `target`.
func report(
  _ target: UnsafeMutablePointer<pclip_error>?, _ body: () throws(RuntimeFault) -> Void
) -> Int32 {
  guard UInt(bitPattern: target) % UInt(MemoryLayout<pclip_error>.alignment) == 0 else {
    return Int32(PCLIP_E_ARGUMENT)
  }
  target?.initialize(to: pclip_error())
  do throws(RuntimeFault) {
    try body()
    return Int32(PCLIP_OK)
  } catch {
    return refusal(error, target)
  }
}

@inline(never)
private func refusal(_ fault: RuntimeFault, _ target: UnsafeMutablePointer<pclip_error>?) -> Int32 {
  target?.pointee.fill(fault)
  return fault.code.rawValue
}

/// Runs the body of a C function that uses a session's memory. A session serves one call at a time.
func report(
  _ handle: OpaquePointer?, _ target: UnsafeMutablePointer<pclip_error>?,
  _ body: (Session) throws(RuntimeFault) -> Void
) -> Int32 {
  report(target) { () throws(RuntimeFault) in
    let session = Session.of(try required(handle, "session"))
    guard pf_claim_take(session.scratch.claim) == 1 else { throw RuntimeFault.sessionInUse }
    defer { pf_claim_release(session.scratch.claim) }
    try body(session)
  }
}

/// Checks a required pointer of a call.
func required<Value>(
  _ pointer: UnsafePointer<Value>?, _ name: StaticString
) throws(RuntimeFault) -> UnsafePointer<Value> {
  try requireAddress(UnsafeRawPointer(pointer), MemoryLayout<Value>.alignment, name)
  return pointer.unsafelyUnwrapped
}

func required<Value>(
  _ pointer: UnsafeMutablePointer<Value>?, _ name: StaticString
) throws(RuntimeFault) -> UnsafeMutablePointer<Value> {
  try requireAddress(UnsafeRawPointer(pointer), MemoryLayout<Value>.alignment, name)
  return pointer.unsafelyUnwrapped
}

func required(_ handle: OpaquePointer?, _ name: StaticString) throws(RuntimeFault) -> OpaquePointer {
  try requireAddress(UnsafeRawPointer(handle), MemoryLayout<Int>.alignment, name)
  return handle.unsafelyUnwrapped
}

/// Checks a pointer that may be nil.
func requireAligned<Value>(_ pointer: UnsafePointer<Value>?, _ name: StaticString) throws(RuntimeFault) {
  if pointer != nil { _ = try required(pointer, name) }
}

/// Not inlined, because every function checks several pointers.
@inline(never)
private func requireAddress(
  _ pointer: UnsafeRawPointer?, _ alignment: Int, _ name: StaticString
) throws(RuntimeFault) {
  guard let pointer else { throw RuntimeFault.null(name) }
  guard UInt(bitPattern: pointer) % UInt(alignment) == 0 else { throw RuntimeFault.misaligned(name) }
}

/// Checks that an output buffer holds count × width values.
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
