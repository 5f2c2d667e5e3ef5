internal import Archives
internal import Bytes

/// The ranges of a GGUF file's tensors, checked to be inside the file and not to overlap.
enum GGUFPlacement {
  /// Absolute ranges in the file, in the order of the header.
  ///
  /// - Throws: `ggufOffset` if a tensor is not aligned or shares bytes with another, `truncatedFile` if it ends
  ///   beyond the file.
  static func ranges(_ header: GGUFHeader, fileByteCount: Int) throws(ReadError) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    for tensor in header.tensors {
      do throws(ReadError) {
        ranges.append(try range(of: tensor, header, fileByteCount))
      } catch {
        throw error.inside(.tensor(tensor.name))
      }
    }
    try requireApart(ranges, header)
    return ranges
  }

  private static func range(
    of tensor: GGUFHeader.Tensor, _ header: GGUFHeader, _ fileByteCount: Int
  ) throws(ReadError) -> Range<Int> {
    guard tensor.dataOffset % UInt64(header.alignment) == 0 else {
      throw ReadError(
        .ggufOffset, at: tensor.headerOffset, expected: "a multiple of \(header.alignment)",
        found: "\(tensor.dataOffset)")
    }
    let limit = UInt64(max(fileByteCount - header.dataStart, 0))
    // An empty tensor fits even if the padding before the data is missing.
    guard fileByteCount >= header.dataStart,
      let range = checkedRange(start: tensor.dataOffset, count: UInt64(tensor.byteCount), within: limit)
    else {
      throw ReadError(
        .truncatedFile, at: tensor.headerOffset,
        expected: "\(tensor.byteCount) bytes at \(tensor.dataOffset) of the data", found: "\(limit) of data")
    }
    return header.dataStart + Int(range.lowerBound)..<header.dataStart + Int(range.upperBound)
  }

  private static func requireApart(_ ranges: [Range<Int>], _ header: GGUFHeader) throws(ReadError) {
    let order = ranges.indices.filter { !ranges[$0].isEmpty }
      .sorted { ranges[$0].lowerBound < ranges[$1].lowerBound }
    for (before, after) in zip(order, order.dropFirst())
    where ranges[after].lowerBound < ranges[before].upperBound {
      let tensor = header.tensors[after]
      throw ReadError(
        .ggufOffset, at: tensor.headerOffset, expected: "bytes that no other tensor has",
        found: "some of \(header.tensors[before].name)", path: [.tensor(tensor.name)])
    }
  }
}
