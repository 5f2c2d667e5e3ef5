internal import CPortableProduct
internal import Models
internal import Parallel

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// OpenBLAS, loaded only when the reference first multiplies: loading takes 30 ms, memory, and permissions that a
/// command may not have.
///
/// On loading, the library starts a thread per processor, and ends the process if it cannot. It waits forever if its
/// buffers find no address space. So its own threads are disabled (rows are divided among PocketCLIP's threads), and
/// its buffers are reserved before the first product.
struct OpenBLAS: Sendable {
  typealias Unavailable = MatrixProduct.Unavailable

  /// `OpenBLAS 0.3.21 (SkylakeX)`
  let name: String
  private let sgemm: CBLAS.SGEMM

  /// Loaded once per process.
  static var shared: OpenBLAS {
    get throws(Unavailable) { try loaded.get() }
  }

  private static let loaded = Result { () throws(Unavailable) in try OpenBLAS() }

  private init() throws(Unavailable) {
    let bufferCount = min(usableProcessorCount, Self.mostBuffers) + 1
    try Self.checkAddressSpace(bufferCount: bufferCount)
    let library = try Self.loadWithFittingKernels()
    self.sgemm = try library.function("cblas_sgemm", as: CBLAS.SGEMM.self)
    try library.function("openblas_set_num_threads", as: CBLAS.SetThreads.self)(1)
    name = try Self.name(of: library)
    Self.reserveBuffers(bufferCount, of: library)
    try checkProducts()
  }

  /// Runs on the calling thread.
  func multiply(
    _ a: MatrixProduct.View, _ b: MatrixProduct.View, _ layout: MatrixProduct.Layout,
    into c: MatrixProduct.MutableView, _ size: MatrixProduct.Size, scale: Float
  ) {
    let transposition =
      switch layout {
      case .plain: CBLAS.noTranspose
      case .transposed: CBLAS.transpose
      }
    sgemm(
      CBLAS.rowMajor, CBLAS.noTranspose, transposition, CInt(size.m), CInt(size.n), CInt(size.k), scale,
      a.base,
      CInt(a.stride), b.base, CInt(b.stride), 0, c.base, CInt(c.stride))
  }
}

/// The used part of the C interface, as https://www.netlib.org/blas/#_cblas and OpenBLAS's `cblas.h` define it for
/// builds with 32-bit integers, the only ones that are named `libopenblas.so.0`.
private enum CBLAS {
  typealias SGEMM =
    @convention(c) (
      _ order: CInt, _ transposeA: CInt, _ transposeB: CInt, _ m: CInt, _ n: CInt, _ k: CInt, _ alpha: Float,
      _ a: UnsafePointer<Float>, _ lda: CInt, _ b: UnsafePointer<Float>, _ ldb: CInt, _ beta: Float,
      _ c: UnsafeMutablePointer<Float>, _ ldc: CInt
    ) -> Void
  typealias SetThreads = @convention(c) (CInt) -> Void
  typealias Text = @convention(c) () -> UnsafePointer<CChar>?
  typealias AllocateBuffer = @convention(c) (CInt) -> UnsafeMutableRawPointer?
  typealias FreeBuffer = @convention(c) (UnsafeMutableRawPointer) -> Void

  static let rowMajor: CInt = 101
  static let noTranspose: CInt = 111
  static let transpose: CInt = 112
}

// MARK: - Loading

extension OpenBLAS {
  #if canImport(Darwin)
    private static let fileName = "libopenblas.0.dylib"
  #else
    private static let fileName = "libopenblas.so.0"
  #endif

  private struct Library {
    let handle: UnsafeMutableRawPointer

    func function<Function>(_ name: String, as type: Function.Type) throws(Unavailable) -> Function {
      guard let function = optionalFunction(name, as: type) else {
        throw Unavailable(reason: "\(fileName) has no function \(name)")
      }
      return function
    }

    func optionalFunction<Function>(_ name: String, as type: Function.Type) -> Function? {
      dlsym(handle, name).map { unsafeBitCast($0, to: type) }
    }
  }

  /// The library knows processors by their models. It takes the SSE3 kernels for those that are newer than itself:
  /// Debian 12's for the Xeons of 2023 and later, where they take four times as long. Then it is loaded again, with the
  /// kernels of the processor's instructions. A set that the environment names is kept.
  private static func loadWithFittingKernels() throws(Unavailable) -> Library {
    let library = try load(["OPENBLAS_NUM_THREADS": "1"])
    guard getenv(kernelVariable) == nil, try kernels(of: library) == fallbackKernels,
      let fitting = fastestKernels
    else { return library }
    dlclose(library.handle)
    return try load(["OPENBLAS_NUM_THREADS": "1", kernelVariable: fitting])
  }

  private static let kernelVariable = "OPENBLAS_CORETYPE"
  private static let fallbackKernels = "Prescott"

  /// The kernels for the instructions of this processor, if it has more than those of the fallback.
  private static var fastestKernels: String? {
    switch pp_fastest_level() {
    case PP_AVX512: "SkylakeX"
    case PP_AVX2: "Haswell"
    default: nil  // PP_BASELINE; a C enumeration is open to Swift
    }
  }

  /// The library reads the variables once, while it loads; with one thread it starts none.
  private static func load(_ variables: [String: String]) throws(Unavailable) -> Library {
    let before = variables.map { name, _ in (name, getenv(name).map { String(cString: $0) }) }
    for (name, value) in variables { setenv(name, value, 1) }
    defer {
      for (name, value) in before {
        if let value { setenv(name, value, 1) } else { unsetenv(name) }
      }
    }
    guard let handle = dlopen(fileName, RTLD_NOW | RTLD_LOCAL) else {
      let detail = dlerror().map { String(cString: $0) } ?? fileName
      throw Unavailable(
        reason:
          "OpenBLAS cannot be loaded (\(detail)); the Debian and Ubuntu package is libopenblas0")
    }
    return Library(handle: handle)
  }

  private static func name(of library: Library) throws(Unavailable) -> String {
    let configuration = try library.function("openblas_get_config", as: CBLAS.Text.self)()
    let words = configuration.map { String(cString: $0) }?.split(separator: " ") ?? []
    let version = words.first == "OpenBLAS" && words.count > 1 ? " \(words[1])" : ""
    return "OpenBLAS\(version) (\(try kernels(of: library) ?? "unknown kernels"))"
  }

  private static func kernels(of library: Library) throws(Unavailable) -> String? {
    try library.function("openblas_get_corename", as: CBLAS.Text.self)().map { String(cString: $0) }
  }
}

// MARK: - Buffers

extension OpenBLAS {
  /// Memory of one thread's buffer in builds for x86-64, the largest.
  private static let bufferByteCount = 128 << 20
  /// Memory that a forward pass of the largest models needs in addition, so that a command never fails because of
  /// OpenBLAS if the portable product would succeed.
  private static let otherByteCount = 1 << 30
  /// The most threads that Debian's build supports.
  private static let mostBuffers = 64

  /// Tries to map writable memory, like the library, because limits on data and on committed memory count it too.
  private static func checkAddressSpace(bufferCount: Int) throws(Unavailable) {
    let byteCount = bufferCount * bufferByteCount + otherByteCount
    let space = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let space, space != MAP_FAILED else {
      throw Unavailable(
        reason:
          "OpenBLAS and the rest of the program need \(byteCount >> 20) MB of address space; this process has less"
      )
    }
    munmap(space, byteCount)
  }

  /// Makes the library map the buffers of all threads now, after `checkAddressSpace`; it keeps them.
  private static func reserveBuffers(_ count: Int, of library: Library) {
    guard
      let allocate = library.optionalFunction("blas_memory_alloc", as: CBLAS.AllocateBuffer.self),
      let free = library.optionalFunction("blas_memory_free", as: CBLAS.FreeBuffer.self)
    else { return }
    let buffers = (0..<count).map { _ in allocate(0) }
    for case let buffer? in buffers { free(buffer) }
  }
}

// MARK: - The check after loading

extension OpenBLAS {
  /// Some kernel sets compute wrong results: those of old versions on later processors. Products that use the code
  /// paths for small matrices, packed matrices and a single row, in both layouts, are compared with the portable
  /// product. A set that the processor cannot run at all, which only OPENBLAS_CORETYPE can select, ends the process
  /// instead.
  private func checkProducts() throws(Unavailable) {
    for (size, layout) in Self.checkedProducts {
      let difference = largestDifference(size, layout)
      guard difference <= Self.roundingBound(size.k) else {
        throw Unavailable(
          reason:
            "\(name) multiplies wrongly on this processor: the product of a check is off by \(difference) of its scale"
        )
      }
    }
  }

  private static let checkedProducts: [(MatrixProduct.Size, MatrixProduct.Layout)] = [
    (.init(m: 17, n: 35, k: 67), .transposed), (.init(m: 17, n: 35, k: 67), .plain),
    (.init(m: 67, n: 131, k: 259), .transposed), (.init(m: 67, n: 131, k: 259), .plain),
    (.init(m: 1, n: 131, k: 259), .transposed), (.init(m: 1, n: 131, k: 259), .plain),
  ]

  /// For one value, relative to the sum of the absolute products (at most k here, because |a|, |b| ≤ 1): FP32 sums in
  /// any order stay below k · 2⁻²⁴ of it.
  private static func roundingBound(_ k: Int) -> Double { Double(k) / Double(1 << 24) }

  private func largestDifference(_ size: MatrixProduct.Size, _ layout: MatrixProduct.Layout) -> Double {
    let a = Self.checkValues(size.m * size.k, seed: 1)
    let b = Self.checkValues(size.n * size.k, seed: 2)
    let strideOfB = layout == .plain ? size.n : size.k
    let scale: Float = 0.125
    func product(_ multiply: (MatrixProduct.View, MatrixProduct.View, MatrixProduct.MutableView) -> Void)
      -> [Float]
    {
      [Float](unsafeUninitializedCapacity: size.m * size.n) { c, count in
        a.withUnsafeBufferPointer { a in
          b.withUnsafeBufferPointer { b in
            guard let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress else { return }
            multiply(
              .init(base: a, stride: size.k), .init(base: b, stride: strideOfB),
              .init(base: c, stride: size.n))
            count = size.m * size.n
          }
        }
      }
    }
    let mine = product { multiply($0, $1, layout, into: $2, size, scale: scale) }
    let portable = PortableProduct()
    let truth = product { portable.multiply($0, $1, layout, into: $2, size, scale: scale) }
    return zip(mine, truth).reduce(0) { largest, pair in
      let difference = Double(abs(pair.0 - pair.1)) / Double(scale) / Double(size.k)
      return difference <= largest ? largest : difference.isNaN ? .infinity : difference
    }
  }

  /// Values in −1 ... 1 that are all different.
  private static func checkValues(_ count: Int, seed: UInt32) -> [Float] {
    var state = seed
    return (0..<count).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return Float(Int32(bitPattern: state)) / 2_147_483_648
    }
  }
}
