public import Architecture
import TensorTypes

/// The validated header of a bundle.
///
/// Every offset and count comes from the validated copy of the header. The file is not read again, because a mapped
/// file can change while it is open.
public struct BundleHeader: Sendable {
  public internal(set) var description: BundleDescription
  /// In file order, byte offsets from the start of the file, `x.` tensors included.
  public let tensors: [StoredTensor]
  /// The SHA-256 that the header states for each tensor.
  public let digests: [Digest]
  /// 8 + header length.
  public let byteCount: Int
  public let fileByteCount: Int
  /// SHA-256 of the header's bytes. Computed, never stored.
  public let bundleID: Digest

  /// The reader rejects a longer header before it copies it.
  public static let maximumByteCount = 16 << 20

  /// Reads and validates the header at the start of a file.
  ///
  /// - Parameter file: the complete file.
  /// - Throws: the first broken rule, with its offset.
  public init(file: RawSpan) throws(BundleFault) {
    let bytes = try Self.copyHeader(of: file)
    var decoder = HeaderDecoder(bytes: bytes)
    try decoder.decodeMetadata()
    let layout = BundleLayout(decoder.description)
    try decoder.decodeTensors(layout, dataStart: bytes.count, fileByteCount: file.byteCount)
    description = decoder.description
    tensors = decoder.tensors
    digests = decoder.digests
    byteCount = bytes.count
    fileByteCount = file.byteCount
    var stream = DigestStream()
    stream.update(bytes)
    bundleID = stream.finish()
    try readScalars(file)
    try checkMerges(file)
    try checkTable(file)
    try checkVectors(file)
  }

  public func tensor(_ name: ParameterName) -> StoredTensor? {
    tensors.first { $0.name == name }
  }

  /// The most that reading a header and binding its tensors allocates: measured on headers built to need much memory,
  /// then doubled. The constant covers the tensors of the deepest architecture that a header can state, and a
  /// tokenizer.
  public static func memoryBound(byteCount: Int) -> Int { (48 << 20) + 10 * byteCount }

  /// Bytes of the header at the start of a file, its length included.
  public static func byteCount(in file: RawSpan) throws(BundleFault) -> Int {
    let lengthBytes = HeaderEncoder.lengthByteCount
    guard file.byteCount >= lengthBytes else { throw BundleFault(.headerLengthPresent, at: file.byteCount) }
    // First, because the length of another kind of file is any number.
    guard hasMark(file) else { throw BundleFault(.headerStart, at: lengthBytes) }
    var length: UInt64 = 0
    for index in 0..<lengthBytes {
      let byte = unsafe file.unsafeLoad(fromByteOffset: index, as: UInt8.self)
      length |= UInt64(byte) << (8 * UInt64(index))
    }
    guard length <= UInt64(min(maximumByteCount, file.byteCount) - lengthBytes) else {
      throw BundleFault(.headerLengthWithinFile, at: 0)
    }
    let byteCount = lengthBytes + Int(length)
    guard byteCount % BundleLayout.alignment == 0 else { throw BundleFault(.headerAligned, at: 0) }
    return byteCount
  }

  /// Whether the header begins like that of every version. If not, the file is not a bundle.
  private static func hasMark(_ file: RawSpan) -> Bool {
    let start = HeaderEncoder.lengthByteCount
    guard file.byteCount - start >= mark.utf8CodeUnitCount else { return false }
    for index in 0..<mark.utf8CodeUnitCount {
      let byte = unsafe file.unsafeLoad(fromByteOffset: start + index, as: UInt8.self)
      guard unsafe byte == mark.utf8Start[index] else { return false }
    }
    return true
  }

  private static let mark: StaticString = "{\"__metadata__\":{\"pclip.version\":\""

  private static func copyHeader(of file: RawSpan) throws(BundleFault) -> [UInt8] {
    let byteCount = try byteCount(in: file)
    return unsafe file.extracting(first: byteCount).withUnsafeBytes { buffer in unsafe [UInt8](buffer) }
  }
}
