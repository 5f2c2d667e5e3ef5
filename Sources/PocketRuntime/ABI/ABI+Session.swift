// swift-format-ignore-file: AlwaysUseLowerCamelCase
// The names are those of the C header.

import Architecture
import BundleFormat
public import CPocketCLIP
import Tokenizer

// Sessions, except encoding. pocketclip.h documents each function.

@c @implementation
public func pclip_session_size(
  _ model: OpaquePointer?, _ limits: UnsafePointer<pclip_session_limits>?
) -> Int {
  guard let model, let limits = try? SessionLimits(limits) else { return 0 }
  return (try? Session.byteCount(Model.of(model), limits)) ?? 0
}

@c @implementation
public func pclip_session_create(
  _ model: OpaquePointer?, _ limits: UnsafePointer<pclip_session_limits>?,
  _ session: UnsafeMutablePointer<OpaquePointer?>?, _ error: UnsafeMutablePointer<pclip_error>?
) -> Int32 {
  report(error) { () throws(RuntimeFault) in
    let result = try required(session, "session")
    result.pointee = nil
    let model = Model.of(try required(model, "model"))
    result.pointee = try Session.create(model, try SessionLimits(limits)).handle
  }
}

@c @implementation
public func pclip_session_destroy(_ session: OpaquePointer?) {
  guard let session else { return }
  Unmanaged<Session>.fromOpaque(UnsafeRawPointer(session)).release()
}

@c @implementation
public func pclip_self_test(_ session: OpaquePointer?, _ error: UnsafeMutablePointer<pclip_error>?) -> Int32 {
  report(session, error) { (session) throws(RuntimeFault) in try session.selfTest() }
}

@c @implementation
public func pclip_tokenize(
  _ session: OpaquePointer?, _ text: pclip_text, _ ids: UnsafeMutablePointer<Int32>?, _ capacity: Int,
  _ count: UnsafeMutablePointer<Int32>?, _ truncated: UnsafeMutablePointer<Int32>?,
  _ error: UnsafeMutablePointer<pclip_error>?
) -> Int32 {
  report(session, error) { (session) throws(RuntimeFault) in
    guard let tower = session.model.description.architecture.text else {
      throw RuntimeFault.missing(.textTower)
    }
    let ids = try required(ids, "ids")
    try requireAligned(count, "count")
    try requireAligned(truncated, "truncated")
    try require(capacity: capacity, atLeast: 1, times: tower.contextLength, "capacity")
    let result = try session.tokenize(text, into: ids, count: tower.contextLength)
    count?.pointee = Int32(truncatingIfNeeded: result.count)
    truncated?.pointee = result.isTruncated ? 1 : 0
  }
}

@c @implementation
public func pclip_preprocess(
  _ session: OpaquePointer?, _ image: UnsafePointer<pclip_image>?, _ pixels: UnsafeMutablePointer<Float>?,
  _ capacity: Int, _ error: UnsafeMutablePointer<pclip_error>?
) -> Int32 {
  report(session, error) { (session) throws(RuntimeFault) in
    guard let tower = session.model.description.architecture.image else {
      throw RuntimeFault.missing(.imageTower)
    }
    let image = try required(image, "image")
    let pixels = try required(pixels, "pixels")
    let count = 3 * tower.imageSize * tower.imageSize
    try require(capacity: capacity, atLeast: 1, times: count, "capacity")
    try session.check(image.pointee, item: 0)
    var slot = 0
    session.preparation?.prepare(
      image, slots: &slot, count: 1, into: Rows(base: pixels, stride: count))
  }
}

extension SessionLimits {
  /// - Throws: `argument` for limits that are negative or larger than any image or batch needs.
  init(_ limits: UnsafePointer<pclip_session_limits>?) throws(RuntimeFault) {
    var given = pclip_session_limits()
    if let limits {
      try requireAligned(limits, "limits")
      let size = limits.pointee.size
      guard size >= MemoryLayout<Int>.size, size <= Int(Int32.max) else {
        throw RuntimeFault.value("limits.size", found: size, expected: "sizeof(pclip_session_limits)")
      }
      withUnsafeMutableBytes(of: &given) { target in
        let known = min(size, target.count)
        target.copyMemory(from: UnsafeRawBufferPointer(start: limits, count: known))
      }
    }
    maxBatch = try SessionLimits.value(
      given.max_batch, default: 16, SessionLimits.batches, "limits.max_batch")
    maxWidth = try SessionLimits.value(
      given.max_width, default: 16_384, SessionLimits.sizes, "limits.max_width")
    maxHeight = try SessionLimits.value(
      given.max_height, default: 16_384, SessionLimits.sizes, "limits.max_height")
  }

  private static let batches = 1...4096
  private static let sizes = 1...65_536

  private static func value(
    _ given: Int32, default standard: Int, _ allowed: ClosedRange<Int>, _ name: StaticString
  ) throws(RuntimeFault) -> Int {
    let value = given == 0 ? standard : Int(given)
    guard allowed.contains(value) else {
      throw RuntimeFault.range(name, found: value, allowed: allowed)
    }
    return value
  }
}
