/// Why an image file cannot be used.
public struct ImageFileError: Error, Equatable, Sendable {
  public enum Code: String, Sendable, CaseIterable {
    /// The file cannot be opened or read.
    case unreadable
    /// A file without a byte.
    case empty
    /// The bytes end before the image does.
    case truncated
    /// An image of a known kind with invalid bytes.
    case undecodable
    /// Not an image, or an image of an unsupported kind.
    case unsupported
    /// More pixels than the limit.
    case tooLarge
    /// More scans than encoders write.
    case tooManyScans
    /// The address space has no room for it.
    case noMemory
  }

  public var code: Code
  /// The file's name, or a description of the source.
  public var file: String
  /// What was expected and found, in one line.
  public var detail: String
  /// What to do, where reading says more than the code does.
  public var advice: String?
  /// The megapixel limit at which the image would be accepted; nil if no limit excludes it.
  public var megapixels: Int?

  public init(_ code: Code, file: String, detail: String, megapixels: Int? = nil) {
    self.code = code
    self.file = file
    self.detail = detail
    self.megapixels = megapixels
  }

  /// What to do.
  public var hint: String {
    if let advice { return advice }
    return switch code {
    case .unreadable: "check the path and its permissions"
    case .empty: "download or copy the file again"
    case .truncated: "download or copy the file again"
    case .undecodable: "open it in an image viewer, and save it again if the viewer shows it"
    case .unsupported: "give a JPEG, PNG or WebP file, or convert the image to one of these"
    case .tooLarge:
      "shrink the image first" + (megapixels.map { ", or raise the limit with --max-megapixels \($0)" } ?? "")
    case .tooManyScans: "open it in an image viewer, and save it again if the viewer shows it"
    case .noMemory:
      "shrink the image first, raise the limit on address space (ulimit -v), or use a machine with more memory"
    }
  }
}

extension ImageFileError: CustomStringConvertible {
  public var description: String {
    let problem =
      switch code {
      case .unreadable: "cannot be read"
      case .empty: "the image file is empty"
      case .truncated: "the image is cut off"
      case .undecodable: "the image cannot be decoded"
      case .unsupported: "not an image this tool reads"
      case .tooLarge: "the image is too large"
      case .tooManyScans: "the image has too many scans"
      case .noMemory: "no memory for the image"
      }
    return "\(file): \(problem)" + (detail.isEmpty ? "" : ": \(detail)")
  }
}
