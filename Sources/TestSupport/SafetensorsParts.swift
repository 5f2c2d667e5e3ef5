public import Foundation

/// The parts of a safetensors file, parsed without PocketCLIP's readers.
public struct SafetensorsParts {
  public var header: [String: Any]
  /// The bytes after the header, counted from 0.
  public var tensors: Data

  public init(_ file: Data) throws {
    let file = Data(file)
    let end = 8 + file.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    header = try jsonObject(file[8..<end])
    tensors = Data(file[end...])
  }

  public var metadata: [String: String] { header["__metadata__"] as? [String: String] ?? [:] }

  public func file() throws -> Data {
    let json = try JSONSerialization.data(withJSONObject: header)
    return withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) } + json + tensors
  }
}

/// A JSON object; any other value is an error.
public func jsonObject(_ data: Data) throws -> [String: Any] {
  guard let object = try JSONSerialization.jsonObject(with: data) as? [String: Any] else {
    throw CocoaError(.propertyListReadCorrupt)
  }
  return object
}

/// The JSON object of each line.
public func jsonLines(_ text: String) throws -> [[String: Any]] {
  try text.split(separator: "\n").map { try jsonObject(Data($0.utf8)) }
}
