// swift-format-ignore-file: AlwaysUseLowerCamelCase
// The names are those of the C header.

import Architecture
import CKernels
public import CPocketCLIP

// Comparing vectors. pocketclip.h documents each function.

@c @implementation
public func pclip_similarity(
  _ a: UnsafePointer<Float>?, _ aCount: Int, _ b: UnsafePointer<Float>?, _ bCount: Int, _ dim: Int,
  _ scores: UnsafeMutablePointer<Float>?, _ error: UnsafeMutablePointer<pclip_error>?
) -> Int32 {
  report(error) { () throws(RuntimeFault) in
    try requireAddressable(aCount, dim)
    try requireAddressable(bCount, dim)
    try requireAddressable(aCount, bCount)
    guard aCount > 0, bCount > 0 else { return }
    guard dim > 0 else { throw RuntimeFault.value("dim", found: 0, expected: "1 or more") }
    let (a, b) = (try required(a, "a"), try required(b, "b"))
    let scores = try required(scores, "scores")
    let kernels = pk_kernels_detect().pointee
    for i in 0..<aCount {
      for j in 0..<bCount { scores[i * bCount + j] = kernels.dot_f32(dim, a + i * dim, b + j * dim) }
    }
  }
}

@c @implementation
public func pclip_softmax(
  _ scores: UnsafeMutablePointer<Float>?, _ rows: Int, _ columns: Int, _ scale: Float,
  _ error: UnsafeMutablePointer<pclip_error>?
) -> Int32 {
  report(error) { () throws(RuntimeFault) in
    try requireAddressable(rows, columns)
    guard rows > 0, columns > 0 else { return }
    let scores = try required(scores, "scores")
    softmax(scores, rows, columns, scale: scale)
  }
}

@c @implementation
public func pclip_scores(
  _ model: OpaquePointer?, _ scores: UnsafeMutablePointer<Float>?, _ rows: Int, _ columns: Int,
  _ scale: UnsafePointer<Float>?, _ error: UnsafeMutablePointer<pclip_error>?
) -> Int32 {
  report(error) { () throws(RuntimeFault) in
    let score = Model.of(try required(model, "model")).score
    try requireAddressable(rows, columns)
    try requireAligned(scale, "scale")
    guard let scale = scale?.pointee ?? score.map({ pk_expf($0.logScale) }) else {
      throw RuntimeFault.noScale
    }
    guard rows > 0, columns > 0 else { return }
    let scores = try required(scores, "scores")
    switch score {
    case .softmax, nil: softmax(scores, rows, columns, scale: scale)
    case .sigmoid(_, let bias): sigmoid(scores, rows * columns, scale: scale, bias: bias)
    }
  }
}

/// Throws unless the number of bytes of `rows` × `columns` floats fits an address range.
private func requireAddressable(_ rows: Int, _ columns: Int) throws(RuntimeFault) {
  let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
  guard rows >= 0, columns >= 0, !overflow, count <= Int.max / MemoryLayout<Float>.size else {
    throw RuntimeFault.beyondAddressSpace("a count")
  }
}
