import BundleFormat
import CKernels
import CPlatform
import CPocketCLIP

/// How a model computes, resolved from options, environment variables and defaults.
struct OpenOptions {
  /// Nil if the bundle decides.
  var arithmetic: Arithmetic?
  var compute: Compute
  /// Whether the option or PCLIP_ISA names the kernels.
  var choosesKernels: Bool
  var copies: Bool

  /// - Parameter options: the caller's options, or nil for defaults. Fields beyond its `size` count as zero.
  /// - Throws: `argument` for invalid values, `unsupported` for features that this machine or build does not have.
  init(_ options: UnsafePointer<pclip_open_options>?) throws(RuntimeFault) {
    let given = try OpenOptions.read(options)
    arithmetic = try OpenOptions.arithmetic(given.arithmetic)
    guard given.threads >= 0 else {
      throw RuntimeFault.value("options.threads", found: Int(given.threads), expected: "0 or more")
    }
    guard given.copy == 0 || given.copy == 1 else {
      throw RuntimeFault.value("options.copy", found: Int(given.copy), expected: "0 or 1")
    }
    let copies = try OpenOptions.environment("PCLIP_COPY", 0...1, expected: "0 or 1")
    // Checked here, because the pool also reads the variable but cannot report an error.
    _ = try OpenOptions.environment("PCLIP_THREADS", 0...1024, expected: "0 to 1024")
    let pool = Int(pf_thread_count())
    choosesKernels = OpenOptions.kernelName(given.isa) != nil
    compute = Compute(
      kernels: try OpenOptions.kernels(given.isa),
      threads: given.threads == 0 ? pool : min(Int(given.threads), pool))
    self.copies = given.copy == 1 || copies == 1
  }

  private static func read(
    _ options: UnsafePointer<pclip_open_options>?
  ) throws(RuntimeFault) -> pclip_open_options {
    var given = pclip_open_options()
    guard let options else { return given }
    try requireAligned(options, "options")
    let size = options.pointee.size
    guard size >= MemoryLayout<Int>.size, size <= Int(Int32.max) else {
      throw RuntimeFault.value("options.size", found: size, expected: "sizeof(pclip_open_options)")
    }
    withUnsafeMutableBytes(of: &given) { target in
      let known = min(size, target.count)
      target.copyMemory(from: UnsafeRawBufferPointer(start: options, count: known))
    }
    return given
  }

  private static func arithmetic(_ option: Int32) throws(RuntimeFault) -> Arithmetic? {
    switch Int(option) {
    case PCLIP_ARITHMETIC_AUTO:
      guard let name = pf_environment(cString("PCLIP_ARITHMETIC")) else { return nil }
      if name.equals("auto") { return nil }
      if name.equals("fast") { return .fast }
      if name.equals("exact") { return .exact }
      if name.equals("bf16") { return .bf16 }
      throw RuntimeFault.environment(
        "PCLIP_ARITHMETIC", found: BorrowedText(characters: name), expected: "auto, fast, exact or bf16")
    case PCLIP_ARITHMETIC_FAST: return .fast
    case PCLIP_ARITHMETIC_EXACT: return .exact
    case PCLIP_ARITHMETIC_BF16: return .bf16
    default:
      throw RuntimeFault.value(
        "options.arithmetic", found: Int(option), expected: "0 (auto), 1 (fast), 2 (exact) or 3 (bf16)")
    }
  }

  /// The value of the variable, or 0 if it is not set.
  @inline(never)
  private static func environment(
    _ name: StaticString, _ allowed: ClosedRange<Int64>, expected: StaticString
  ) throws(RuntimeFault) -> Int64 {
    guard let text = pf_environment(cString(name)) else { return 0 }
    let value = pf_environment_integer(cString(name), allowed.lowerBound, allowed.upperBound, -1)
    guard value >= 0 else {
      throw RuntimeFault.environment(name, found: BorrowedText(characters: text), expected: expected)
    }
    return value
  }

  /// The kernels named by the option or by PCLIP_ISA, or else the fastest that this machine supports.
  static func kernels(_ option: UnsafePointer<CChar>?) throws(RuntimeFault) -> UnsafePointer<pk_kernels> {
    guard let name = kernelName(option) else { return pk_kernels_detect() }
    guard let kernels = pk_kernels_named(name, name.count) else {
      throw RuntimeFault.isaUnknown(BorrowedText(characters: name))
    }
    return kernels
  }

  private static func kernelName(_ option: UnsafePointer<CChar>?) -> UnsafePointer<CChar>? {
    option ?? pf_environment(cString("PCLIP_ISA"))
  }

  /// How a model computes whose products use tiles on a processor that has them. Only such a model asks for the
  /// permission, because it changes how the process may set signal stacks.
  ///
  /// - Throws: `unsupported` if the system refuses and the caller named these kernels; otherwise the next fastest
  ///   kernels are used.
  func computeWithTiles() throws(RuntimeFault) -> Compute {
    guard pk_permitted(compute.kernels.pointee.isa) == 0 else { return compute }
    guard !choosesKernels, let kernels = pk_kernels_for(PK_ISA_AVX512VNNI) else {
      throw RuntimeFault.tilesRefused
    }
    return Compute(kernels: kernels, threads: compute.threads)
  }
}

extension UnsafePointer<CChar> {
  /// Bytes before the terminating zero.
  var count: Int {
    var length = 0
    while self[length] != 0 { length += 1 }
    return length
  }

  func equals(_ literal: StaticString) -> Bool {
    guard count == literal.utf8CodeUnitCount else { return false }
    return literal.withUTF8Buffer { expected in
      for index in 0..<expected.count where UInt8(bitPattern: self[index]) != expected[index] { return false }
      return true
    }
  }
}

/// A literal as a C string. A `String` would add the equivalent of a tenth of the library's size.
func cString(_ literal: StaticString) -> UnsafePointer<CChar> {
  UnsafeRawPointer(literal.utf8Start).assumingMemoryBound(to: CChar.self)
}
