public import Foundation

/// A temporary folder that is removed when the object is released.
public final class TemporaryFolder {
  public let url: URL

  public init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "pocketclip-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  public var path: String { url.path(percentEncoded: false) }

  public func file(_ name: String) -> String { url.appending(path: name).path(percentEncoded: false) }

  /// Names in the folder, hidden ones included.
  public var names: [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? []
  }

  public func data(_ name: String) throws -> Data { try Data(contentsOf: url.appending(path: name)) }

  /// - Returns: the path of the written file.
  @discardableResult
  public func write(_ bytes: Data, to name: String) throws -> String {
    try bytes.write(to: url.appending(path: name))
    return file(name)
  }

  /// Every file below a folder, by name.
  public func tree(_ name: String) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for item in try FileManager.default.subpathsOfDirectory(atPath: file(name)) {
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: file("\(name)/\(item)"), isDirectory: &isFolder)
      if !isFolder.boolValue { files[item] = try data("\(name)/\(item)") }
    }
    return files
  }
}

/// Calls `body` with a folder that is removed afterwards.
public func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let folder = try TemporaryFolder()
  return try withExtendedLifetime(folder) { try body(folder.url) }
}
