public import Foundation

/// Files under `Fixtures/`. A missing one is a failure that names it, never a skip.
public enum Fixture {
  public static func data(_ path: String) throws -> Data {
    try Data(contentsOf: url(path))
  }

  public static func url(_ path: String) -> URL {
    root.appending(path: path)
  }

  private static let root = URL(filePath: #filePath)
    .deletingLastPathComponent()  // TestSupport
    .deletingLastPathComponent()  // Sources
    .deletingLastPathComponent()
    .appending(path: "Fixtures")
}
