internal import Archives

/// A file that a checkpoint consists of.
public struct SourceFile: Sendable {
  /// As reached from the path the user gave.
  public var path: String
  public var byteCount: Int

  package init(path: String, byteCount: Int) {
    self.path = path
    self.byteCount = byteCount
  }

  /// The name without its folder.
  public var name: String { Folder.lastComponent(of: path) }
}
