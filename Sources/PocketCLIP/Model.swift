internal import CPocketCLIP

/// An open bundle. It is immutable; any number of threads and sessions can share it.
///
/// If memory runs out, the shared library reports `PCLIP_E_MEMORY`. This package built from source allocates as any
/// Swift code does: a failed allocation ends the process.
public final class Model: Sendable {
  /// How products are computed, with the values of `pocketclip.h`. On FP16 and FP32 bundles `fast` and `exact` both
  /// mean FP32.
  public enum Arithmetic: Int32, Sendable, CaseIterable {
    /// int8 × int8.
    case fast = 1
    /// int8 weights × 16-bit activations, in exact integer sums.
    case exact = 2
    /// BF16 × BF16 on FP16 bundles. Opening throws if the processor does not support it.
    case bf16 = 3
  }

  /// How a bundle is opened; the defaults are those of `pocketclip.h`, environment variables included.
  public struct Options: Sendable {
    /// Nil for `fast` on int8 bundles and `exact` on others.
    public var arithmetic: Arithmetic?
    /// How many of the pool's threads one call may use; 0 for all threads available to the process.
    public var threads = 0
    /// The kernels by name; nil for the fastest that this machine supports.
    public var instructionSet: String?
    /// Read the file into memory instead of mapping it.
    public var copies = false

    public init() {}
  }

  public let information: ModelInformation
  /// Freed in `deinit`. `nonisolated(unsafe)` is sound because the C interface guarantees that an open model is
  /// immutable.
  nonisolated(unsafe) let handle: OpaquePointer

  /// Keeps the bundle's bytes alive; nil if the runtime opened the file itself.
  private let owner: (any AnyObject & Sendable)?

  /// Maps and validates a bundle.
  public convenience init(path: String, options: Options = Options()) throws(PocketCLIPError) {
    try self.init(keeping: nil, options: options) { options, handle, error in
      pclip_open(path, options, handle, error)
    }
  }

  /// Validates a bundle in memory. The bytes are copied once.
  public convenience init(bytes: [UInt8], options: Options = Options()) throws(PocketCLIPError) {
    let copy = AlignedCopy(bytes)
    try self.init(memory: copy.bytes, keeping: copy, options: options)
  }

  /// Validates a bundle in memory and uses it without a copy.
  ///
  /// - Parameter owner: keeps `memory` valid and unchanged.
  package convenience init(
    memory: UnsafeRawBufferPointer, keeping owner: any AnyObject & Sendable, options: Options
  ) throws(PocketCLIPError) {
    try self.init(keeping: owner, options: options) { options, handle, error in
      pclip_open_memory(memory.baseAddress, memory.count, options, handle, error)
    }
  }

  private init(
    keeping owner: (any AnyObject & Sendable)?, options: Options,
    open: (
      UnsafePointer<pclip_open_options>, UnsafeMutablePointer<OpaquePointer?>,
      UnsafeMutablePointer<pclip_error>
    ) -> Int32
  ) throws(PocketCLIPError) {
    let handle = try options.open(open)
    do throws(PocketCLIPError) {
      information = try ModelInformation(handle)
    } catch {
      pclip_close(handle)
      throw error
    }
    self.handle = handle
    self.owner = owner
  }

  deinit { pclip_close(handle) }

  /// Hashes every tensor and checks the rules about contents. Reads the complete file.
  public func checkContent() throws(PocketCLIPError) {
    try check { pclip_check(handle, $0) }
  }
}

/// An aligned copy of bytes that the runtime uses in place.
private final class AlignedCopy: Sendable {
  nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

  init(_ bytes: [UInt8]) {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
    copy.copyBytes(from: bytes)
    self.bytes = UnsafeRawBufferPointer(copy)
  }

  deinit { bytes.deallocate() }
}

extension Model.Options {
  fileprivate func open(
    _ body: (
      UnsafePointer<pclip_open_options>, UnsafeMutablePointer<OpaquePointer?>,
      UnsafeMutablePointer<pclip_error>
    ) -> Int32
  ) throws(PocketCLIPError) -> OpaquePointer {
    var handle: OpaquePointer?
    try withCOptions { (cOptions) throws(PocketCLIPError) in
      try check { body(cOptions, &handle, $0) }
    }
    guard let handle else { throw PocketCLIPError(.memory, message: "no model was opened") }
    return handle
  }

  fileprivate func withCOptions(
    _ body: (UnsafePointer<pclip_open_options>) throws(PocketCLIPError) -> Void
  ) throws(PocketCLIPError) {
    var options = pclip_open_options()
    options.size = MemoryLayout<pclip_open_options>.size
    options.arithmetic = arithmetic?.rawValue ?? Int32(PCLIP_ARITHMETIC_AUTO)
    options.threads = Int32(clamping: threads)
    options.copy = copies ? 1 : 0
    guard let instructionSet else { return try body(&options) }
    let name = Array(instructionSet.utf8CString)
    var failure: PocketCLIPError?
    name.withUnsafeBufferPointer { buffer in
      options.isa = buffer.baseAddress
      do throws(PocketCLIPError) { try body(&options) } catch { failure = error }
    }
    if let failure { throw failure }
  }
}
