public import Archives
internal import Foundation

extension Fixture {
  /// A JSON file, parsed with the checkpoints' own parser.
  public static func json(_ path: String) throws -> JSONValue {
    let bytes = [UInt8](try data(path))
    return try JSONParser.parse(bytes.span.bytes, limits: .standard)
  }
}
