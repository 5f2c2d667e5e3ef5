import Architecture
import Foundation
import TestSupport

/// A folder with a state dict of full size whose weights are a hole in the file: it uses no space and is never read.
struct HollowCheckpoint {
  let folder: TemporaryFolder

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
    folder = try TemporaryFolder()
    for (name, text) in neighbours { try folder.write(Data(text.utf8), to: name) }
    try folder.write(length + header, to: "model.safetensors")
    let file = try FileHandle(forWritingTo: folder.url.appending(path: "model.safetensors"))
    try file.truncate(atOffset: UInt64(8 + header.count + offset))
    try file.close()
  }
}
