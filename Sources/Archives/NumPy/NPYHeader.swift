internal import Bytes
public import TensorTypes

/// The header of NumPy's npy format: magic, version, length, and a Python dictionary with element type, order and
/// shape. Versions 1, 2 and 3.
public struct NPYHeader: Sendable, Equatable {
  public let dtype: DType
  public let shape: [Int]
  /// Whether the first axis is the fastest in the file, instead of the last.
  public let isFortranOrder: Bool
  public let isBigEndian: Bool
  /// Offset of the values, counted from the magic.
  public let dataOffset: Int

  public static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// Bytes of the dictionary. NumPy rejects longer ones too.
  private static let longestDictionary = 10_000
  /// The most bytes of an array's header.
  public static let maximumByteCount = 12 + longestDictionary

  /// - Parameters:
  ///   - bytes: the first `maximumByteCount` bytes of the array, or all if there are fewer.
  ///   - byteCount: bytes of the complete array, including the header.
  ///   - baseOffset: offset of the array in its file.
  /// - Throws: any `npy…` code, `truncatedFile`, `unsupportedDType`, `numberOverflow` or `limitExceeded`.
  public init(_ bytes: RawSpan, byteCount: Int, baseOffset: UInt64, limits: Limits) throws(ReadError) {
    let range = try Self.dictionaryRange(bytes, baseOffset: baseOffset)
    let fields = try NPYDictionary(
      bytes.extracting(range), baseOffset: baseOffset + UInt64(range.lowerBound), limits: limits)
    (dtype, isBigEndian) = try fields.elementType()
    isFortranOrder = fields.isFortranOrder
    shape = fields.shape
    dataOffset = range.upperBound
    guard let count = elementCount(of: shape), let expected = checkedProduct(count, dtype.byteWidth) else {
      throw ReadError(.numberOverflow, at: baseOffset, found: "shape \(shape)")
    }
    guard expected == byteCount - dataOffset else {
      throw ReadError(
        .npyByteCount, at: baseOffset + UInt64(dataOffset),
        expected: "\(expected) bytes for \(dtype.safetensorsName) \(shape)",
        found: "\(byteCount - dataOffset)")
    }
  }

  /// The range of the dictionary, including its padding.
  private static func dictionaryRange(
    _ bytes: RawSpan, baseOffset: UInt64
  ) throws(ReadError) -> Range<Int> {
    guard bytes.withUnsafeBytes({ $0.starts(with: magic) }) else {
      throw ReadError(.npyMagic, at: baseOffset)
    }
    var cursor = ByteCursor(bytes, baseOffset: baseOffset)
    let version: [UInt8]
    let length: Int
    do throws(ByteFault) {
      try cursor.skip(magic.count)
      version = [try cursor.readUInt8(), try cursor.readUInt8()]
      length = version[0] == 1 ? Int(try cursor.readUInt16()) : Int(try cursor.readUInt32())
    } catch {
      throw ReadError(.truncatedFile, at: error.byteOffset, expected: "a npy header")
    }
    guard (1...3).contains(version[0]), version[1] == 0 else {
      throw ReadError(
        .npyVersion, at: baseOffset + UInt64(magic.count), expected: "1.0, 2.0 or 3.0",
        found: "\(version[0]).\(version[1])")
    }
    guard length <= longestDictionary else {
      throw ReadError(
        .limitExceeded, at: baseOffset + UInt64(magic.count + 2),
        expected: "a header of at most \(longestDictionary) bytes", found: "\(length)")
    }
    guard length <= cursor.remaining else {
      throw ReadError(
        .truncatedFile, at: baseOffset + UInt64(bytes.byteCount), expected: "a header of \(length) bytes",
        found: "\(cursor.remaining)")
    }
    return cursor.position..<cursor.position + length
  }
}
