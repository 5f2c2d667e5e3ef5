// swift-format-ignore-file: AlwaysUseLowerCamelCase
// The names are those of the C header.

import Architecture
import BundleFormat
public import CPocketCLIP

// Encoding. pocketclip.h documents each function.

@c @implementation
public func pclip_encode_image(
  _ session: OpaquePointer?, _ images: UnsafePointer<pclip_image>?, _ count: Int, _ flags: UInt32,
  _ out: UnsafeMutablePointer<Float>?, _ outCount: Int, _ statuses: UnsafeMutablePointer<Int32>?,
  _ error: UnsafeMutablePointer<pclip_error>?
) -> Int32 {
  report(session, error) { (session) throws(RuntimeFault) in
    let call = try EncodeCall(session, count, flags, out, outCount, statuses)
    try call.images { () throws(RuntimeFault) in .images(try required(images, "images")) }
  }
}

@c @implementation
public func pclip_encode_pixels(
  _ session: OpaquePointer?, _ pixels: UnsafePointer<Float>?, _ count: Int, _ flags: UInt32,
  _ out: UnsafeMutablePointer<Float>?, _ outCount: Int, _ statuses: UnsafeMutablePointer<Int32>?,
  _ error: UnsafeMutablePointer<pclip_error>?
) -> Int32 {
  report(session, error) { (session) throws(RuntimeFault) in
    let call = try EncodeCall(session, count, flags, out, outCount, statuses)
    try call.images { () throws(RuntimeFault) in .pixels(try required(pixels, "pixels")) }
  }
}

@c @implementation
public func pclip_encode_text(
  _ session: OpaquePointer?, _ texts: UnsafePointer<pclip_text>?, _ count: Int, _ flags: UInt32,
  _ out: UnsafeMutablePointer<Float>?, _ outCount: Int, _ truncated: UnsafeMutablePointer<Int32>?,
  _ statuses: UnsafeMutablePointer<Int32>?, _ error: UnsafeMutablePointer<pclip_error>?
) -> Int32 {
  report(session, error) { (session) throws(RuntimeFault) in
    let call = try EncodeCall(session, count, flags, out, outCount, statuses)
    guard call.session.model.tokenizer != nil else {
      throw RuntimeFault.missing(.tokenizer)
    }
    try call.texts { () throws(RuntimeFault) in
      .texts(try required(texts, "texts"), truncated: truncated)
    }
  }
}

@c @implementation
public func pclip_encode_ids(
  _ session: OpaquePointer?, _ ids: UnsafePointer<Int32>?, _ count: Int, _ flags: UInt32,
  _ out: UnsafeMutablePointer<Float>?, _ outCount: Int, _ statuses: UnsafeMutablePointer<Int32>?,
  _ error: UnsafeMutablePointer<pclip_error>?
) -> Int32 {
  report(session, error) { (session) throws(RuntimeFault) in
    let call = try EncodeCall(session, count, flags, out, outCount, statuses)
    try call.texts { () throws(RuntimeFault) in .ids(try required(ids, "ids")) }
  }
}

/// The checks before, and the return code after, that the four functions share.
private struct EncodeCall {
  let session: Session
  let count: Int
  let isNormalized: Bool
  let out: UnsafeMutablePointer<Float>?
  let outCount: Int
  let statuses: UnsafeMutablePointer<Int32>?

  init(
    _ session: Session, _ count: Int, _ flags: UInt32, _ out: UnsafeMutablePointer<Float>?,
    _ outCount: Int, _ statuses: UnsafeMutablePointer<Int32>?
  ) throws(RuntimeFault) {
    self.session = session
    guard flags & ~UInt32(PCLIP_RAW) == 0 else {
      throw RuntimeFault.value("flags", found: Int(flags), expected: "0 or PCLIP_RAW")
    }
    self.count = count
    isNormalized = flags & UInt32(PCLIP_RAW) == 0
    self.out = out
    self.outCount = outCount
    try requireAligned(statuses, "statuses")
    self.statuses = statuses
  }

  func images(_ batch: () throws(RuntimeFault) -> ImageBatch) throws(RuntimeFault) {
    guard let tower = session.model.description.architecture.image else {
      throw RuntimeFault.missing(.imageTower)
    }
    guard count != 0 else { return }
    var output = try self.output(width: tower.outputWidth)
    let batch = try batch()
    switch batch {
    case .images(let images): try requireApart(images, MemoryLayout<pclip_image>.stride, output)
    case .pixels(let pixels): try requireApart(pixels, 3 * tower.imageSize * tower.imageSize * 4, output)
    }
    try session.encode(batch, count: count, &output)
    try conclude(output)
  }

  func texts(_ batch: () throws(RuntimeFault) -> TextBatch) throws(RuntimeFault) {
    guard let tower = session.model.description.architecture.text else {
      throw RuntimeFault.missing(.textTower)
    }
    guard count != 0 else { return }
    var output = try self.output(width: tower.outputWidth)
    let batch = try batch()
    switch batch {
    case .texts(let texts, let truncated):
      try requireAligned(truncated, "truncated")
      try requireApart(texts, MemoryLayout<pclip_text>.stride, output)
      try requireApart(texts, MemoryLayout<pclip_text>.stride, truncated, 4, "truncated")
    case .ids(let ids): try requireApart(ids, tower.contextLength * 4, output)
    }
    try session.encode(batch, count: count, &output)
    try conclude(output)
  }

  private func output(width: Int) throws(RuntimeFault) -> BatchOutput {
    let vectors = try required(out, "out")
    try require(capacity: outCount, atLeast: count, times: width, "out_count")
    return BatchOutput(
      vectors: vectors, width: width, isNormalized: isNormalized, statuses: statuses,
      compute: session.model.compute)
  }

  /// Throws if a result overlaps the items: items are checked before the results of others are written and read
  /// afterwards.
  private func requireApart(
    _ input: UnsafeRawPointer, _ itemBytes: Int, _ output: BatchOutput
  ) throws(RuntimeFault) {
    try requireApart(input, itemBytes, output.vectors, output.width * 4, "out")
    try requireApart(input, itemBytes, output.statuses, 4, "statuses")
  }

  @inline(never)
  private func requireApart(
    _ input: UnsafeRawPointer, _ inputBytes: Int, _ output: UnsafeRawPointer?, _ outputBytes: Int,
    _ name: StaticString
  ) throws(RuntimeFault) {
    guard let output else { return }
    // The arithmetic wraps only for counts that no memory can hold.
    let isApart = input + count &* inputBytes <= output || output + count &* outputBytes <= input
    guard isApart else { throw RuntimeFault.overlapping(name) }
  }

  /// Throws the first failed item's fault, unless the caller passed an array for statuses.
  private func conclude(_ output: BatchOutput) throws(RuntimeFault) {
    if statuses == nil, let first = output.firstFault { throw first.fault }
  }
}
