internal import Bytes
public import TensorTypes

/// A safetensors container: 8 bytes of header length, a JSON header, then the tensors' bytes.
///
/// Opening validates every guarantee of the format: tensors begin at offset zero, are contiguous, do not overlap,
/// have as many bytes as shape and type state, and end at the end of the file. Two rules of the specification are
/// enforced that the reference reader does not enforce: names are unique, and the header starts with `{`.
public struct SafetensorsFile: Sendable {
  public struct Entry: Sendable, Equatable {
    public var name: String
    /// Eight-bit floats have the type `u8`, and `float8` states the format.
    public var dtype: DType
    public var float8: Float8?
    /// Slowest axis first.
    public var shape: [Int]
    /// Absolute in the file.
    public var byteRange: Range<Int>
  }

  public let file: MappedFile
  /// Keys and values of `__metadata__`, in the order of the header.
  public let metadata: [(key: String, value: String)]
  /// Whether the header's first member is `__metadata__`.
  public let metadataIsFirst: Bool
  /// In the order of their bytes in the file.
  public let entries: [Entry]

  /// - Throws: any `safetensors…` or `json…` code, `truncatedFile`, `unsupportedDType` or `limitExceeded`.
  public init(file: MappedFile, limits: Limits) throws(ReadError) {
    let headerEnd = try Self.headerEnd(of: file, limits: limits)
    let header = try Self.parseHeader(file.bytes.extracting(8..<headerEnd), limits: limits)
    self.file = file
    self.metadata = try Self.metadata(in: header)
    self.metadataIsFirst = header.members.first?.key == "__metadata__"
    var builder = SafetensorsEntryReader(dataStart: headerEnd, fileByteCount: file.byteCount, limits: limits)
    for member in header.members where member.key != "__metadata__" {
      try builder.append(member)
    }
    self.entries = try builder.finish()
  }

  /// Offset of the end of the header and the start of the tensors.
  private static func headerEnd(of file: MappedFile, limits: Limits) throws(ReadError) -> Int {
    var cursor = ByteCursor(file.bytes)
    guard let length = try? cursor.readUInt64() else {
      throw ReadError(.truncatedFile, expected: "at least 8 bytes", found: "\(file.byteCount)")
    }
    guard length <= UInt64(limits.safetensorsHeaderBytes) else {
      throw ReadError(
        .safetensorsHeaderLength, at: 0, expected: "at most \(limits.safetensorsHeaderBytes) bytes",
        found: "\(length)")
    }
    guard length <= UInt64(cursor.remaining) else {
      throw ReadError(
        .truncatedFile, at: UInt64(file.byteCount), expected: "a header of \(length) bytes",
        found: "\(cursor.remaining)")
    }
    guard length > 0, cursor.peek() == UInt8(ascii: "{") else {
      throw ReadError(.safetensorsHeaderStart, at: 8)
    }
    return 8 + Int(length)
  }

  private static func parseHeader(_ bytes: RawSpan, limits: Limits) throws(ReadError) -> JSONObject {
    let value = try JSONParser.parse(bytes, baseOffset: 8, limits: limits)
    guard case .object(let header) = value else {
      throw ReadError(.safetensorsHeaderStart, at: 8, expected: "an object")
    }
    return header
  }

  private static func metadata(in header: JSONObject) throws(ReadError) -> [(key: String, value: String)] {
    guard let member = header.members.first(where: { $0.key == "__metadata__" }) else { return [] }
    guard case .object(let object) = member.value else {
      throw ReadError(.safetensorsMetadata, at: member.byteOffset, expected: "an object")
    }
    var pairs: [(key: String, value: String)] = []
    for item in object.members {
      guard case .string(let text) = item.value else {
        throw ReadError(
          .safetensorsMetadata, at: item.byteOffset, expected: "a string", path: [.key(item.key)])
      }
      pairs.append((item.key, text))
    }
    return pairs
  }
}
