internal import Bytes
public import TensorTypes

/// The header of NumPy's npy format: magic, version, length, and a Python dictionary with element type, order and
/// shape. Versions 1, 2 and 3.
public struct NPYHeader: Sendable, Equatable {
  public let dtype: DType
  public let shape: [Int]
  /// The first axis is the fastest in the file, not the last.
  public let isFortranOrder: Bool
  public let isBigEndian: Bool
  /// Where the values begin, counted from the magic.
  public let dataOffset: Int

  public static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// Bytes of the dictionary; NumPy refuses longer ones as well.
  private static let longestDictionary = 10_000
  /// Bytes from the start of an array within which its header ends.
  public static let maximumByteCount = 12 + longestDictionary

  /// - Parameters:
  ///   - bytes: the first `maximumByteCount` bytes of the array, or all where there are fewer.
  ///   - byteCount: bytes of the whole array, header included.
  ///   - baseOffset: where the array begins in its file.
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

  /// Where the dictionary stands, its padding included.
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
