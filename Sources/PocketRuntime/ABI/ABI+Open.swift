// swift-format-ignore-file: AlwaysUseLowerCamelCase
// The names are those of the C header.

import Architecture
import BundleFormat
import CKernels
public import CPocketCLIP

// Opening bundles and reading their properties. pocketclip.h documents each function.

@c @implementation
public func pclip_open(
  _ path: UnsafePointer<CChar>?, _ options: UnsafePointer<pclip_open_options>?,
  _ model: UnsafeMutablePointer<OpaquePointer?>?, _ error: UnsafeMutablePointer<pclip_error>?
) -> Int32 {
  report(error) { () throws(RuntimeFault) in
    let result = try required(model, "model")
    result.pointee = nil
    let options = try OpenOptions(options)
    let memory = try FileMemory.open(path: try required(path, "path"), copies: options.copies)
    result.pointee = try Model.open(memory, options).handle
  }
}

@c @implementation
public func pclip_open_memory(
  _ bytes: UnsafeRawPointer?, _ count: Int, _ options: UnsafePointer<pclip_open_options>?,
  _ model: UnsafeMutablePointer<OpaquePointer?>?, _ error: UnsafeMutablePointer<pclip_error>?
) -> Int32 {
  report(error) { () throws(RuntimeFault) in
    let result = try required(model, "model")
    result.pointee = nil
    let options = try OpenOptions(options)
    guard let start = bytes else { throw RuntimeFault.null("bytes") }
    guard count >= 0 else { throw RuntimeFault.beyondAddressSpace("count") }
    let memory = try FileMemory.adopt(
      UnsafeRawBufferPointer(start: start, count: count), copies: options.copies)
    result.pointee = try Model.open(memory, options).handle
  }
}

@c @implementation
public func pclip_close(_ model: OpaquePointer?) {
  guard let model else { return }
  Unmanaged<Model>.fromOpaque(UnsafeRawPointer(model)).release()
}

@c @implementation
public func pclip_check(_ model: OpaquePointer?, _ error: UnsafeMutablePointer<pclip_error>?) -> Int32 {
  report(error) { () throws(RuntimeFault) in
    try Model.of(try required(model, "model")).checkContent()
  }
}

@c @implementation
public func pclip_get_info(
  _ model: OpaquePointer?, _ info: UnsafeMutablePointer<pclip_model_info>?,
  _ error: UnsafeMutablePointer<pclip_error>?
) -> Int32 {
  report(error) { () throws(RuntimeFault) in
    let model = Model.of(try required(model, "model"))
    let info = try required(info, "info")
    let size = info.pointee.size
    guard size >= MemoryLayout<Int>.size, size <= Int(Int32.max) else {
      throw RuntimeFault.value("info.size", found: size, expected: "sizeof(pclip_model_info)")
    }
    var known = pclip_model_info(model)
    known.size = size
    withUnsafeBytes(of: &known) { source in
      let count = min(size, source.count)
      UnsafeMutableRawPointer(info).copyMemory(
        from: source.baseAddress ?? UnsafeRawPointer(info), byteCount: count)
    }
  }
}

@c @implementation
public func pclip_error_name(_ code: Int32) -> UnsafePointer<CChar>? {
  cString(FaultCode(rawValue: code).name)
}

@c @implementation
public func pclip_abi_version() -> Int32 { Int32(PCLIP_ABI_VERSION) }

@c @implementation
public func pclip_version() -> UnsafePointer<CChar>? { cString("0.1.0") }

@c @implementation
public func pclip_isa_name() -> UnsafePointer<CChar>? {
  guard let kernels = try? OpenOptions.kernels(nil) else { return cString("unsupported") }
  return kernels.pointee.name
}
