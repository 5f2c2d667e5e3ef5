internal import Bytes
internal import TensorTypes

/// Reads the header's entries one by one, then checks that together they cover the rest of the file exactly once.
struct SafetensorsEntryReader {
  private typealias Located = (entry: SafetensorsFile.Entry, headerOffset: UInt64)

  private let dataStart: Int
  private let fileByteCount: Int
  private let limits: Limits
  private var located: [Located] = []

  init(dataStart: Int, fileByteCount: Int, limits: Limits) {
    self.dataStart = dataStart
    self.fileByteCount = fileByteCount
    self.limits = limits
  }

  mutating func append(_ member: JSONObject.Member) throws(ReadError) {
    guard located.count < limits.tensors else {
      throw ReadError(.limitExceeded, at: member.byteOffset, expected: "at most \(limits.tensors) tensors")
    }
    do throws(ReadError) {
      located.append((try entry(member), member.byteOffset))
    } catch {
      throw error.inside(.tensor(member.key))
    }
  }

  /// Sorted by position, after the coverage check.
  func finish() throws(ReadError) -> [SafetensorsFile.Entry] {
    let sorted = located.sorted {
      ($0.entry.byteRange.lowerBound, $0.entry.byteRange.upperBound)
        < ($1.entry.byteRange.lowerBound, $1.entry.byteRange.upperBound)
    }
    var end = dataStart
    for (entry, headerOffset) in sorted {
      guard entry.byteRange.lowerBound == end else {
        throw ReadError(
          .safetensorsOffsets, at: headerOffset, expected: "data from \(end - dataStart)",
          found: "\(entry.byteRange.lowerBound - dataStart)", path: [.tensor(entry.name)])
      }
      end = entry.byteRange.upperBound
    }
    guard end <= fileByteCount else {
      throw ReadError(
        .truncatedFile, at: UInt64(fileByteCount), expected: "\(end) bytes", found: "\(fileByteCount)")
    }
    guard end == fileByteCount else {
      throw ReadError(
        .safetensorsCoverage, at: UInt64(end), expected: "\(end) bytes", found: "\(fileByteCount)")
    }
    return sorted.map(\.entry)
  }

  private func entry(_ member: JSONObject.Member) throws(ReadError) -> SafetensorsFile.Entry {
    let offset = member.byteOffset
    let dtype = try dtype(of: member)
    let shape = try sizes(member.value["shape"], what: "a shape", offset: offset)
    guard shape.count <= limits.tensorRank else {
      throw ReadError(.limitExceeded, at: offset, expected: "at most \(limits.tensorRank) axes")
    }
    let bounds = try sizes(member.value["data_offsets"], what: "two data_offsets", offset: offset)
    guard bounds.count == 2 else {
      throw ReadError(.safetensorsEntry, at: offset, expected: "two data_offsets")
    }
    guard bounds[0] <= bounds[1], let start = checkedSum(dataStart, bounds[0]),
      let end = checkedSum(dataStart, bounds[1])
    else {
      throw ReadError(
        .safetensorsOffsets, at: offset, expected: "begin before end", found: "\(bounds[0]) and \(bounds[1])")
    }
    guard let count = elementCount(of: shape), let byteCount = checkedProduct(count, dtype.byteWidth) else {
      throw ReadError(.numberOverflow, at: offset, found: "shape \(shape)")
    }
    guard byteCount == end - start else {
      throw ReadError(
        .safetensorsByteCount, at: offset,
        expected: "\(byteCount) bytes for \(dtype.safetensorsName) \(shape)",
        found: "\(end - start)")
    }
    return SafetensorsFile.Entry(
      name: member.key, dtype: dtype,
      float8: member.value["dtype"]?.stringValue.flatMap(Float8.init(safetensorsName:)),
      shape: shape, byteRange: start..<end)
  }

  private func dtype(of member: JSONObject.Member) throws(ReadError) -> DType {
    guard let name = member.value["dtype"]?.stringValue else {
      throw ReadError(.safetensorsEntry, at: member.byteOffset, expected: "a dtype")
    }
    let bytes = Array(name.utf8)
    if let dtype = DType(safetensorsName: bytes.span) { return dtype }
    if Float8(safetensorsName: name) != nil { return .u8 }
    let code: ReadError.Code =
      Self.knownButUnsupported.contains(name) ? .unsupportedDType : .safetensorsUnknownDType
    throw ReadError(code, at: member.byteOffset, found: name)
  }

  /// Types of the format that no published CLIP weights use.
  private static let knownButUnsupported: Set<String> = [
    "F8_E8M0", "C64", "F4", "F6_E2M3", "F6_E3M2",
  ]

  private func sizes(_ value: JSONValue?, what: String, offset: UInt64) throws(ReadError) -> [Int] {
    guard let array = value?.arrayValue else {
      throw ReadError(.safetensorsEntry, at: offset, expected: what)
    }
    var sizes: [Int] = []
    for element in array {
      guard case .integer(let integer) = element, integer >= 0, let size = Int(exactly: integer) else {
        throw ReadError(.safetensorsEntry, at: offset, expected: "\(what) of integers of zero or more")
      }
      sizes.append(size)
    }
    return sizes
  }
}
