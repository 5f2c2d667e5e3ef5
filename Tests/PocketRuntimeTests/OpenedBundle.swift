import CPocketCLIP
import Foundation
import Quantization
import TestSupport

/// An error of a function of pocketclip.h.
struct Refusal: Error, Equatable {
  var code: Int
  var offset: UInt64
  var message: String
}

/// Calls the C interface and throws any code other than PCLIP_OK.
func call(_ function: (UnsafeMutablePointer<pclip_error>) -> Int32) throws {
  var error = pclip_error()
  let code = function(&error)
  guard code != PCLIP_OK else { return }
  throw Refusal(code: Int(code), offset: error.offset, message: text(error.message))
}

/// The error of a call, or nil if it succeeds.
func refusal(_ function: (UnsafeMutablePointer<pclip_error>) -> Int32) -> Refusal? {
  do {
    try call(function)
    return nil
  } catch {
    return error as? Refusal
  }
}

/// The text of a C array of bytes up to its terminating zero.
func text<Bytes>(_ bytes: Bytes) -> String {
  withUnsafeBytes(of: bytes) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}

struct Configuration: Sendable, CustomStringConvertible {
  var bundle: String
  var arithmetic = PCLIP_ARITHMETIC_AUTO
  var isa: String?
  var threads: Int32 = 0
  var maxBatch: Int32 = 0
  var copies = false

  var description: String { "\(bundle) \(arithmetic) \(isa ?? "") \(threads)" }
}

/// A bundle of Fixtures/runtime, or bytes, opened with one session.
final class OpenedBundle {
  let model: OpaquePointer
  let session: OpaquePointer
  let info: pclip_model_info
  /// Bytes passed to pclip_open_memory, which must outlive the model.
  private let bytes: UnsafeMutableRawBufferPointer?

  /// - Parameter misalignment: offset of the memory from a multiple of 64.
  init(_ configuration: Configuration, bytes given: Data? = nil, misalignment: Int = 0) throws {
    var model: OpaquePointer?
    bytes = given.map { data in
      let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: data.count + 64, alignment: 64)
      memory[misalignment..<misalignment + data.count].copyBytes(from: data)
      return memory
    }
    let memory = bytes
    do {
      try configuration.withOptions { options in
        try call { error in
          if let memory, let given {
            return pclip_open_memory(memory.baseAddress! + misalignment, given.count, options, &model, error)
          }
          return pclip_open(Fixture.url("runtime/\(configuration.bundle).pclip").path, options, &model, error)
        }
      }
      var session: OpaquePointer?
      var limits = pclip_session_limits()
      limits.size = MemoryLayout<pclip_session_limits>.size
      limits.max_batch = configuration.maxBatch
      try call { pclip_session_create(model, &limits, &session, $0) }
      var info = pclip_model_info()
      info.size = MemoryLayout<pclip_model_info>.size
      try call { pclip_get_info(model, &info, $0) }
      (self.model, self.session, self.info) = (model!, session!, info)
    } catch {
      pclip_close(model)
      memory?.deallocate()
      throw error
    }
  }

  deinit {
    pclip_session_destroy(session)
    pclip_close(model)
    bytes?.deallocate()
  }

  var context: Int { Int(info.context_length) }
  var pixelCount: Int { 3 * Int(info.image_size) * Int(info.image_size) }

  func encode(pixels: [Float], flags: UInt32 = 0) throws -> [[Float]] {
    let count = pixels.count / pixelCount
    var out = [Float](repeating: .nan, count: count * Int(info.image_output))
    try call { pclip_encode_pixels(session, pixels, count, flags, &out, out.count, nil, $0) }
    return rows(out, count)
  }

  func encode(ids: [[Int32]], flags: UInt32 = 0) throws -> [[Float]] {
    var out = [Float](repeating: .nan, count: ids.count * Int(info.text_output))
    let flat = ids.flatMap { $0 }
    try call { pclip_encode_ids(session, flat, ids.count, flags, &out, out.count, nil, $0) }
    return rows(out, ids.count)
  }

  func rows(_ values: [Float], _ count: Int) -> [[Float]] {
    guard count > 0 else { return [] }
    let width = values.count / count
    return (0..<count).map { Array(values[$0 * width..<($0 + 1) * width]) }
  }
}

extension Configuration {
  func withOptions(_ body: (UnsafePointer<pclip_open_options>) throws -> Void) throws {
    var options = pclip_open_options()
    options.size = MemoryLayout<pclip_open_options>.size
    options.arithmetic = Int32(arithmetic)
    options.threads = threads
    options.copy = copies ? 1 : 0
    guard let isa else { return try body(&options) }
    try isa.withCString {
      options.isa = $0
      try body(&options)
    }
  }
}

/// The instruction sets of this machine; always includes `scalar`.
let machineISAs = InstructionSets.here

let families = ["vit", "resnet"]
let precisions = ["fp32", "fp16", "int8", "mixed"]
let bundles = families.flatMap { family in precisions.map { "\(family)-\($0)" } }
