import Foundation

/// One JSON object with `schema` and `version` first among its promises; Schemas/NAME.schema.json describes each.
protocol SchemaOutput: Encodable {
  static var schema: String { get }
}

enum JSONOutput {
  static let version = 1

  static func print<Output: SchemaOutput>(_ output: Output) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    let data = try encoder.encode(Envelope(output: output))
    try StandardOutput.write(data + Data("\n".utf8))
  }

  /// One object on one line.
  static func line(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  /// Puts `schema` and `version` beside the output's own keys.
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
