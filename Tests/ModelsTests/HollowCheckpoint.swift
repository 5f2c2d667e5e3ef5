import Architecture
import Foundation

/// A folder with a state dict of full size whose weights are a hole in the file: it takes no space and is never read.
struct HollowCheckpoint {
  let folder = FileManager.default.temporaryDirectory.appending(path: "hollow-\(UUID().uuidString)")

  /// - Parameter neighbours: file name to content.
  init(_ schema: ParameterSchema, _ neighbours: [String: String] = [:]) throws {
    var offset = 0
    var entries: [String] = []
    for parameter in schema.parameters {
      let end = offset + 2 * parameter.elementCount
      entries.append(
        "\"\(parameter.name)\":{\"dtype\":\"F16\",\"shape\":\(parameter.shape),\"data_offsets\":[\(offset),\(end)]}"
      )
      offset = end
    }
    let header = Data("{\(entries.joined(separator: ","))}".utf8)
    let length = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for (name, text) in neighbours { try Data(text.utf8).write(to: folder.appending(path: name)) }
    let url = folder.appending(path: "model.safetensors")
    try (length + header).write(to: url)
    let file = try FileHandle(forWritingTo: url)
    try file.truncate(atOffset: UInt64(8 + header.count + offset))
    try file.close()
  }

  func remove() { try? FileManager.default.removeItem(at: folder) }
}
