import Foundation
import TestSupport
import Testing

/// The output of `embed -o`, parsed without PocketCLIP's readers.
struct VectorPair {
  var rows: [[String: Any]]
  /// The bytes of each vector.
  var vectors: [Data]

  /// - Parameter width: values per vector.
  init(_ path: String, width: Int = 64) throws {
    let bytes = try Data(contentsOf: URL(filePath: path))
    let lengthRange = path.lowercased().hasSuffix(".npy") ? 8..<10 : 0..<8
    let headerLength = bytes[lengthRange].reversed().reduce(0) { $0 << 8 | Int($1) }
    let values = bytes.dropFirst(lengthRange.upperBound + headerLength)
    try #require(values.count.isMultiple(of: 4 * width))
    vectors = stride(from: values.startIndex, to: values.endIndex, by: 4 * width).map {
      Data(values[$0..<$0 + 4 * width])
    }
    rows = try jsonLines(String(contentsOfFile: path + ".rows.jsonl", encoding: .utf8))
    try #require(rows.count == vectors.count)
  }

  var inputs: [String] { rows.compactMap { ($0["path"] ?? $0["text"]) as? String } }
  var statuses: [String] { rows.compactMap { $0["status"] as? String } }

  func vector(of input: String) throws -> Data {
    vectors[try #require(inputs.firstIndex(of: input), "\(input)")]
  }

  /// The bytes of both files.
  static func bytes(_ path: String) throws -> [Data] {
    try [path, path + ".rows.jsonl"].map { try Data(contentsOf: URL(filePath: $0)) }
  }
}
