internal import CPocketCLIP

/// The scratch memory of one caller. Encoding allocates nothing inside the runtime. A session serves one call at a
/// time; use one session per thread.
public final class Session {
  public let model: Model
  let handle: OpaquePointer

  /// The largest call that a session supports.
  public struct Limits: Sendable {
    /// Items computed together; larger batches run in slices. 0 for the default.
    public var batch = 0
    /// Pixels of the widest and of the highest image. 0 for the default.
    public var width = 0
    public var height = 0

    public init() {}

    fileprivate var cLimits: pclip_session_limits {
      var limits = pclip_session_limits()
      limits.size = MemoryLayout<pclip_session_limits>.size
      limits.max_batch = Int32(clamping: batch)
      limits.max_width = Int32(clamping: width)
      limits.max_height = Int32(clamping: height)
      return limits
    }
  }

  public init(_ model: Model, limits: Limits = Limits()) throws(PocketCLIPError) {
    var handle: OpaquePointer?
    var cLimits = limits.cLimits
    try check { pclip_session_create(model.handle, &cLimits, &handle, $0) }
    guard let handle else { throw PocketCLIPError(.memory, message: "no session was created") }
    self.model = model
    self.handle = handle
  }

  deinit { pclip_session_destroy(handle) }

  /// Bytes that a session with these limits allocates.
  public static func byteCount(_ model: Model, limits: Limits = Limits()) -> Int {
    var cLimits = limits.cLimits
    return pclip_session_size(model.handle, &cLimits)
  }

  /// Encodes the generated self-test inputs and compares the results with the embeddings stored in the bundle.
  public func selfTest() throws(PocketCLIPError) {
    try check { pclip_self_test(handle, $0) }
  }
}

// Text.
extension Session {
  /// A text as the tower receives it.
  public struct Tokens: Sendable, Equatable {
    /// Start of text, the text's ids, end of text, then zeros up to the context length.
    public var ids: [Int32]
    /// Number of ids before the zeros.
    public var count: Int
    /// Whether the text was too long, so that its end was dropped.
    public var isTruncated: Bool
  }

  public func tokenize(_ text: String) throws(PocketCLIPError) -> Tokens {
    var ids = [Int32](repeating: 0, count: model.information.contextLength)
    var count: Int32 = 0
    var truncated: Int32 = 0
    let bytes = Array(text.utf8)
    let capacity = ids.count
    try check { error in
      withTexts([bytes]) { texts in
        ids.withUnsafeMutableBufferPointer {
          pclip_tokenize(handle, texts[0], $0.baseAddress, capacity, &count, &truncated, error)
        }
      }
    }
    return Tokens(ids: ids, count: Int(count), isTruncated: truncated != 0)
  }

  /// Vectors of unit length, one per text.
  public func encode(texts: [String], normalized: Bool = true) throws(PocketCLIPError) -> [[Float]] {
    let bytes = texts.map { Array($0.utf8) }
    return try vectors(count: texts.count, width: model.information.textOutput) { output, count, error in
      withTexts(bytes) { texts in
        pclip_encode_text(
          handle, texts.baseAddress, texts.count, flags(normalized), output, count, nil, nil, error)
      }
    }
  }

  /// Like `encode(texts:)`, from ids. Each array has `contextLength` ids; ids after the pooled position are ignored.
  public func encode(ids: [[Int32]], normalized: Bool = true) throws(PocketCLIPError) -> [[Float]] {
    let length = model.information.contextLength
    for row in ids where row.count != length {
      throw PocketCLIPError(.argument, message: "ids: expected \(length) values, found \(row.count)")
    }
    let flat = ids.flatMap { $0 }
    return try vectors(count: ids.count, width: model.information.textOutput) { output, count, error in
      pclip_encode_ids(handle, flat, ids.count, flags(normalized), output, count, nil, error)
    }
  }
}

// Images.
extension Session {
  /// Interleaved 8-bit RGB, top row first. The caller removes the alpha channel of transparent images or composites
  /// them on white, as the bundle states (`preprocess.alpha`, docs/BUNDLE.md).
  public struct Image: Sendable {
    public var pixels: [UInt8]
    public var width, height: Int

    /// Nil unless there are exactly 3 · width · height bytes.
    public init?(pixels: [UInt8], width: Int, height: Int) {
      guard width > 0, height > 0, let rows = elementCount(width, height), pixels.count == rows else {
        return nil
      }
      self.pixels = pixels
      self.width = width
      self.height = height
    }
  }

  /// Vectors of unit length, one per image. An image that cannot be encoded has its error instead.
  public func encode(
    images: [Image], normalized: Bool = true
  ) throws(PocketCLIPError) -> [Result<[Float], PocketCLIPError>] {
    var statuses = [Int32](repeating: 0, count: images.count)
    let vectors = try vectors(
      count: images.count, width: model.information.imageOutput
    ) { output, count, error in
      withImages(images) { images in
        pclip_encode_image(
          handle, images.baseAddress, images.count, flags(normalized), output, count, &statuses, error)
      }
    }
    return zip(vectors, statuses).map { vector, status in
      guard status != 0 else { return .success(vector) }
      let code = PocketCLIPError.Code(rawValue: status) ?? .argument
      return .failure(PocketCLIPError(code, message: String(cString: pclip_error_name(status))))
    }
  }

  /// The tower's input: `[3, imageSize, imageSize]`, normalized, bit-exact.
  public func preprocess(_ image: Image) throws(PocketCLIPError) -> [Float] {
    let size = model.information.imageSize
    var pixels = [Float](repeating: 0, count: 3 * size * size)
    let capacity = pixels.count
    try check { error in
      withImages([image]) { images in
        pixels.withUnsafeMutableBufferPointer {
          pclip_preprocess(handle, images.baseAddress, $0.baseAddress, capacity, error)
        }
      }
    }
    return pixels
  }

  /// Vectors from preprocessed pixels, each `[3, imageSize, imageSize]`.
  public func encode(pixels: [[Float]], normalized: Bool = true) throws(PocketCLIPError) -> [[Float]] {
    let expected = 3 * model.information.imageSize * model.information.imageSize
    for item in pixels where item.count != expected {
      throw PocketCLIPError(.argument, message: "pixels: expected \(expected) values, found \(item.count)")
    }
    return try encode(batch: pixels.flatMap { $0 }, normalized: normalized)
  }

  /// Like `encode(pixels:)`, from one array `[n, 3, imageSize, imageSize]`, which is not copied.
  public func encode(batch pixels: [Float], normalized: Bool = true) throws(PocketCLIPError) -> [[Float]] {
    let size = 3 * model.information.imageSize * model.information.imageSize
    guard size == 0 || pixels.count.isMultiple(of: size) else {
      throw PocketCLIPError(.argument, message: "pixels: \(pixels.count) is not a multiple of \(size) values")
    }
    let items = size == 0 ? 0 : pixels.count / size
    return try vectors(count: items, width: model.information.imageOutput) { output, count, error in
      pclip_encode_pixels(handle, pixels, items, flags(normalized), output, count, nil, error)
    }
  }
}

// Buffers.
extension Session {
  private func flags(_ normalized: Bool) -> UInt32 { normalized ? 0 : UInt32(PCLIP_RAW) }

  private func vectors(
    count: Int, width: Int,
    _ encode: (UnsafeMutablePointer<Float>?, Int, UnsafeMutablePointer<pclip_error>) -> Int32
  ) throws(PocketCLIPError) -> [[Float]] {
    var flat = [Float](repeating: 0, count: count * width)
    try check { error in
      flat.withUnsafeMutableBufferPointer { encode($0.baseAddress, $0.count, error) }
    }
    return (0..<count).map { Array(flat[$0 * width..<($0 + 1) * width]) }
  }

  /// The texts keep their addresses for the duration of the call.
  private func withTexts<Result>(
    _ texts: [[UInt8]], _ body: (UnsafeBufferPointer<pclip_text>) -> Result
  ) -> Result {
    let flat = texts.flatMap { $0 }
    return flat.withUnsafeBytes { bytes in
      var offset = 0
      let pointers = texts.map { text in
        defer { offset += text.count }
        return pclip_text(
          bytes: bytes.baseAddress.map { ($0 + offset).assumingMemoryBound(to: CChar.self) },
          count: text.count)
      }
      return pointers.withUnsafeBufferPointer(body)
    }
  }

  private func withImages<Result>(
    _ images: [Image], _ body: (UnsafeBufferPointer<pclip_image>) -> Result
  ) -> Result {
    func descend(_ index: Int, _ structures: [pclip_image]) -> Result {
      guard index < images.count else { return structures.withUnsafeBufferPointer(body) }
      let image = images[index]
      return image.pixels.withUnsafeBufferPointer { pixels in
        let structure = pclip_image(
          pixels: pixels.baseAddress, width: Int32(clamping: image.width),
          height: Int32(clamping: image.height), stride: 0)
        return descend(index + 1, structures + [structure])
      }
    }
    return descend(0, [])
  }
}

/// 3 · width · height, or nil if it overflows.
private func elementCount(_ width: Int, _ height: Int) -> Int? {
  let (area, overflow) = width.multipliedReportingOverflow(by: height)
  let (count, carry) = area.multipliedReportingOverflow(by: 3)
  return overflow || carry ? nil : count
}

/// The version of the runtime, such as `0.1.0`.
public var runtimeVersion: String { String(cString: pclip_version()) }

/// The kernels selected by PCLIP_ISA and this machine.
public var instructionSetName: String { String(cString: pclip_isa_name()) }
