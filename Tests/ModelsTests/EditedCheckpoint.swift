import Archives
import Checkpoints
import Foundation
import Models
import TestSupport

/// The tensors of a fixture, changed and written as one safetensors file, optionally with configuration files next to
/// it.
struct EditedCheckpoint {
  struct Entry {
    var name: String
    var dtype: String
    var shape: [Int]
    var bytes: [UInt8]
  }

  var entries: [Entry]
  /// File name to content.
  var neighbours: [String: String] = [:]

  init(_ fixture: String) throws {
    let checkpoint = try Checkpoint.open(Fixture.url("valid/" + fixture).path)
    entries = try checkpoint.tensors.map { tensor in
      let bytes = try tensor.floats().flatMap { value in withUnsafeBytes(of: value) { Array($0) } }
      return Entry(name: tensor.name, dtype: "F32", shape: tensor.shape, bytes: bytes)
    }
  }

  mutating func rename(_ change: (String) -> String) {
    for index in entries.indices { entries[index].name = change(entries[index].name) }
  }

  mutating func keep(_ isKept: (String) -> Bool) { entries.removeAll { !isKept($0.name) } }

  mutating func remove(_ name: String) { entries.removeAll { $0.name == name } }

  mutating func add(_ name: String, shape: [Int]) {
    let count = shape.reduce(1, *) * MemoryLayout<Float>.size
    entries.append(Entry(name: name, dtype: "F32", shape: shape, bytes: .init(repeating: 0, count: count)))
  }

  mutating func set(_ name: String, element: Int, to value: Float) {
    guard let index = entries.firstIndex(where: { $0.name == name }) else { return }
    withUnsafeBytes(of: value) {
      entries[index].bytes.replaceSubrange(4 * element..<4 * element + 4, with: $0)
    }
  }

  mutating func reshape(_ name: String, to shape: [Int]) {
    guard let index = entries.firstIndex(where: { $0.name == name }) else { return }
    entries[index].shape = shape
  }

  /// Calls `body` with the folder of the file and its neighbours, or with the file alone.
  func open<Result>(
    _ selection: Selection = Selection(), isFileGiven: Bool = false, _ body: (Checkpoint) throws -> Result
  ) throws -> Result {
    let folder = try TemporaryFolder()
    for (name, text) in neighbours { try folder.write(Data(text.utf8), to: name) }
    let file = try folder.write(data, to: "model.safetensors")
    return try withExtendedLifetime(folder) {
      try body(Checkpoint.open(isFileGiven ? file : folder.path, taking: selection))
    }
  }

  private var data: Data {
    var offset = 0
    let fields = entries.map { entry in
      defer { offset += entry.bytes.count }
      return "\"\(entry.name)\":{\"dtype\":\"\(entry.dtype)\",\"shape\":\(entry.shape),"
        + "\"data_offsets\":[\(offset),\(offset + entry.bytes.count)]}"
    }
    let header = Data("{\(fields.joined(separator: ","))}".utf8)
    var data = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) }
    data.append(header)
    for entry in entries { data.append(contentsOf: entry.bytes) }
    return data
  }
}
