internal import CZlib
public import Foundation

/// Files in `Fixtures/`. A missing file is a failure that names it, never a skip.
public enum Fixture {
  public static func data(_ path: String) throws -> Data {
    try Data(contentsOf: url(path))
  }

  public static func bytes(_ path: String) throws -> [UInt8] { [UInt8](try data(path)) }

  /// The decompressed content of a gzipped file. Large fixtures that are mostly zeros are stored this way.
  public static func gunzipped(_ path: String) throws -> Data {
    guard let file = gzopen(url(path).path, "rb") else { throw CocoaError(.fileReadNoSuchFile) }
    defer { gzclose(file) }
    var data = Data()
    var piece = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = gzread(file, &piece, UInt32(piece.count))
      guard count >= 0 else { throw CocoaError(.fileReadCorruptFile) }
      guard count > 0 else { return data }
      data.append(contentsOf: piece.prefix(Int(count)))
    }
  }

  /// The decoded content of a JSON file.
  public static func decoded<Value: Decodable>(_ path: String, as type: Value.Type) throws -> Value {
    try JSONDecoder().decode(type, from: data(path))
  }

  public static func url(_ path: String) -> URL { Repository.url("Fixtures/\(path)") }
}
