/// Why a picture file cannot be used.
public struct ImageFileError: Error, Equatable, Sendable {
  public enum Code: String, Sendable, CaseIterable {
    /// The file cannot be opened or read.
    case unreadable
    /// The bytes end before the picture does.
    case truncated
    /// A picture of a known kind whose bytes make no sense.
    case undecodable
    /// Not a picture, or of a kind that is not read.
    case unsupported
    /// More pixels than the limit.
    case tooLarge
  }

  public var code: Code
  /// The file's name, or what stands for it.
  public var file: String
  /// What was expected and found, in one line.
  public var detail: String

  public init(_ code: Code, file: String, detail: String) {
    self.code = code
    self.file = file
    self.detail = detail
  }

  /// What to do about it.
  public var hint: String {
    switch code {
    case .unreadable: "check the path and its permissions"
    case .truncated: "download or copy the file again"
    case .undecodable: "open it in a picture viewer, and save it anew if that shows it"
    case .unsupported: "convert it to JPEG, PNG or WebP"
    case .tooLarge: "shrink the picture first, or raise the limit"
    }
  }
}

extension ImageFileError: CustomStringConvertible {
  public var description: String {
    let problem =
      switch code {
      case .unreadable: "cannot be read"
      case .truncated: "the picture is cut off"
      case .undecodable: "the picture cannot be decoded"
      case .unsupported: "not a picture this tool reads"
      case .tooLarge: "the picture is too large"
      }
    return "\(file): \(problem): \(detail)"
  }
}
