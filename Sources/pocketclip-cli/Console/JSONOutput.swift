import Archives
public import BundleFormat
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

  /// One object on one line, of which every character can be printed: what a terminal would obey is escaped as JSON does.
  static func line(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    let text = String(decoding: try encoder.encode(value), as: UTF8.self)
    guard text.printable != text else { return text }
    return text.unicodeScalars.map { scalar in
      let character = String(scalar)
      // All that is not printable lies below U+FFFF, so that one escape of four digits holds it.
      return character.printable == character ? character : "\\u" + hexadecimal(scalar.value)
    }
    .joined()
  }

  private static func hexadecimal(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
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

extension SpaceID: Encodable {
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
