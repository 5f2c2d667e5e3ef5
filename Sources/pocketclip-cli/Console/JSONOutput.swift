import Archives
public import BundleFormat
import Foundation

/// A JSON object with the keys `schema` and `version`. Schemas/NAME.schema.json describes each.
protocol SchemaOutput: Encodable {
  static var schema: String { get }
}

/// JSON does not pass through the filter for terminal text, which writes `\u{7f}`: that is not valid JSON.
enum JSONOutput {
  static let version = 1

  static func print<Output: SchemaOutput>(_ output: Output) throws {
    try write(Envelope(output: output), [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
  }

  /// One object on one line.
  static func printLine(_ value: some Encodable) throws {
    try write(value, [.sortedKeys, .withoutEscapingSlashes])
  }

  private static func write(_ value: some Encodable, _ formatting: JSONEncoder.OutputFormatting) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = formatting
    encoder.keyEncodingStrategy = .convertToSnakeCase
    var bytes: [UInt8] = []
    JSONEscapes.append(String(decoding: try encoder.encode(value), as: UTF8.self), to: &bytes)
    try StandardOutput.write(Data(bytes + "\n".utf8))
  }

  /// Adds `schema` and `version` to the output's own keys.
  private struct Envelope<Output: SchemaOutput>: Encodable {
    var output: Output

    enum CodingKeys: String, CodingKey { case schema, version }

    func encode(to encoder: any Encoder) throws {
      try output.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode("pocketclip.\(Output.schema)", forKey: .schema)
      try container.encode(JSONOutput.version, forKey: .version)
    }
  }
}

extension SpaceID: Encodable {
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
