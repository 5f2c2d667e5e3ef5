import Archives

/// Rows of numbers in JSON: an array per line, an object per line with an array in it (as `pocketclip embed` prints), or one
/// array of arrays.
struct JSONRows {
  private(set) var values: [Float] = []
  private(set) var count = 0
  private(set) var width = 0
  private let isInteger: Bool

  /// Keys under which tools write vectors and ids.
  private static let keys = ["vector", "embedding", "embeddings", "values", "ids", "input_ids"]

  /// - Parameter isInteger: whether rows hold token ids: these may have different lengths, and are filled with zeros.
  /// - Throws: any `json…` code; `notACheckpoint` for other content.
  init(_ file: MappedFile, isInteger: Bool) throws(ReadError) {
    self.isInteger = isInteger
    var rows: [[Float]] = []
    for (index, range) in Self.lines(of: file).enumerated() {
      let line = try JSONParser.parse(
        file.bytes.extracting(range), baseOffset: UInt64(range.lowerBound), limits: .ownTexts)
      rows += try Self.rows(line, "line \(index + 1)", at: UInt64(range.lowerBound))
    }
    width = rows.map(\.count).max() ?? 0
    for (index, row) in rows.enumerated() where row.count != width {
      guard isInteger else {
        throw ReadError(
          .notACheckpoint, expected: "\(width) numbers in row \(index + 1)", found: "\(row.count)",
          advice: "write one vector per line, all equally long")
      }
      rows[index] += [Float](repeating: 0, count: width - row.count)
    }
    count = rows.count
    values = rows.flatMap(\.self)
  }

  private static func rows(
    _ line: JSONValue, _ place: String, at offset: UInt64
  ) throws(ReadError) -> [[Float]] {
    let value = keys.compactMap { line[$0] }.first ?? line
    if let items = value["items"]?.arrayValue ?? nested(value) {
      var rows: [[Float]] = []
      for item in items { rows += try Self.rows(item, place, at: offset) }
      return rows
    }
    guard let numbers = value.arrayValue else {
      throw ReadError(
        .notACheckpoint, at: offset, expected: "an array of numbers in \(place)", found: "none",
        advice: "write one vector per line: [0.1, 0.2] or {\"vector\": [0.1, 0.2]}")
    }
    var row: [Float] = []
    row.reserveCapacity(numbers.count)
    for number in numbers {
      // Python writes NaN, which is not JSON; other tools write null for it.
      guard let value = number.isNull ? .nan : number.doubleValue else {
        throw ReadError(
          .notACheckpoint, at: offset, expected: "numbers in \(place)", found: "another value",
          advice: "write one vector per line: [0.1, 0.2] or {\"vector\": [0.1, 0.2]}")
      }
      row.append(Float(value))
    }
    return [row]
  }

  /// The rows of an array of arrays or objects; nil for an array of numbers.
  private static func nested(_ value: JSONValue) -> [JSONValue]? {
    guard let items = value.arrayValue, let first = items.first,
      first.arrayValue != nil || first.objectValue != nil
    else { return nil }
    return items
  }

  /// Lines that are not blank; the complete file if its first line is no complete value.
  private static func lines(of file: MappedFile) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    file.bytes.withUnsafeBytes { bytes in
      var start = 0
      for index in 0...bytes.count where index == bytes.count || bytes[index] == UInt8(ascii: "\n") {
        if bytes[start..<index].contains(where: { ![0x20, 0x09, 0x0D].contains($0) }) {
          ranges.append(start..<index)
        }
        start = index + 1
      }
    }
    guard let first = ranges.first,
      (try? JSONParser.parse(file.bytes.extracting(first), limits: .ownTexts)) == nil
    else { return ranges }
    return [0..<file.byteCount]
  }
}
