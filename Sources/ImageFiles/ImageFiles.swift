internal import CImageCodecs
public import Foundation

/// Reads picture files on the host side with the libraries that Pillow uses, giving the samples that Pillow gives.
///
/// The runtime never decodes: it takes pixels.
public enum ImageFiles {
  public struct Limits: Sendable {
    /// Pillow's own bound against decompression bombs.
    public var maximumPixelCount = 178_956_970
    public var maximumFileByteCount = 1 << 30

    public init() {}
  }

  /// Decodes the JPEG, PNG or WebP file at `path`, told by its content.
  public static func read(_ path: String, limits: Limits = Limits()) throws(ImageFileError) -> DecodedImage {
    var memory: [UInt8] = []
    return try read(path, limits: limits, reusing: &memory)
  }

  /// The same for one picture after another: to clear fresh memory takes a quarter of the time that decoding takes.
  ///
  /// - Parameter memory: an earlier picture's samples, which are given up; empty afterwards if they were used.
  public static func read(
    _ path: String, limits: Limits = Limits(), reusing memory: inout [UInt8]
  ) throws(ImageFileError) -> DecodedImage {
    try decode(try bytes(of: path, limits: limits), name: path, limits: limits, reusing: &memory)
  }

  /// Decodes a picture in memory; `name` is what errors call it. Total: any bytes give a picture or an error.
  public static func decode(
    _ bytes: Data, name: String, limits: Limits = Limits()
  ) throws(ImageFileError) -> DecodedImage {
    var memory: [UInt8] = []
    return try decode(bytes, name: name, limits: limits, reusing: &memory)
  }

  /// The same for one picture after another, as `read` does.
  public static func decode(
    _ bytes: Data, name: String, limits: Limits = Limits(), reusing memory: inout [UInt8]
  ) throws(ImageFileError) -> DecodedImage {
    switch ImageFormat(bytes) {
    case .jpeg: try JPEGDecoder.decode(bytes, name: name, limits: limits, reusing: &memory)
    case .png: try PNGDecoder.decode(bytes, name: name, limits: limits, reusing: &memory)
    case .webp: try WebPDecoder.decode(bytes, name: name, limits: limits)
    case .other(let description): throw ImageFileError(.unsupported, file: name, detail: description)
    }
  }

  /// The content of a picture file, undecoded.
  public static func bytes(
    of path: String, limits: Limits = Limits()
  ) throws(ImageFileError) -> Data {
    do {
      let file = try FileHandle(forReadingFrom: URL(filePath: path))
      defer { try? file.close() }
      let bytes = try file.read(upToCount: limits.maximumFileByteCount + 1) ?? Data()
      guard bytes.count <= limits.maximumFileByteCount else {
        throw ImageFileError(
          .tooLarge, file: path, detail: "more than \(limits.maximumFileByteCount) bytes")
      }
      return bytes
    } catch let error as ImageFileError {
      throw error
    } catch {
      throw ImageFileError(.unreadable, file: path, detail: reason(path, error))
    }
  }
}

extension ImageFiles {
  /// Foundation's own words name no cause that a user could act on.
  private static func reason(_ path: String, _ error: any Error) -> String {
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    if isFolder.boolValue { return "that is a folder" }
    switch (error as? CocoaError)?.code {
    case .fileNoSuchFile?, .fileReadNoSuchFile?: return "no such file"
    case .fileReadNoPermission?: return "permission denied"
    default: return exists ? "reading failed" : "no such file"
    }
  }
}

/// The kind of a picture file, told by its first bytes.
enum ImageFormat: Equatable {
  case jpeg, png, webp
  /// Not read; says what the bytes look like.
  case other(String)

  init(_ bytes: Data) {
    let start = [UInt8](bytes.prefix(16))
    func has(_ text: String, at offset: Int = 0) -> Bool { start.dropFirst(offset).starts(with: text.utf8) }
    if start.starts(with: [0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else if start.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .png
    } else if has("RIFF"), has("WEBP", at: 8) {
      self = .webp
    } else {
      self = .other(Self.description(of: start, has: has))
    }
  }

  private static func description(of start: [UInt8], has: (String, Int) -> Bool) -> String {
    if start.isEmpty { return "the file is empty" }
    let known = [
      ("GIF8", 0, "a GIF"), ("BM", 0, "a BMP"), ("II*\0", 0, "a TIFF"), ("MM\0*", 0, "a TIFF"),
      ("ftypheic", 4, "a HEIC picture"), ("ftypmif1", 4, "a HEIC picture"),
      ("ftypavif", 4, "an AVIF picture"),
      ("version https://", 0, "a Git LFS pointer"), ("<!DOCTYPE", 0, "an HTML page"),
      ("<html", 0, "an HTML page"),
      ("<svg", 0, "an SVG drawing"), ("%PDF", 0, "a PDF document"), ("PK", 0, "a zip archive"),
    ]
    if let (_, _, description) = known.first(where: { has($0.0, $0.1) }) { return "it is \(description)" }
    let hex = start.prefix(8).map { String($0, radix: 16).leftPadded }.joined(separator: " ")
    return "it starts with \(hex)"
  }
}

extension String {
  fileprivate var leftPadded: String { count < 2 ? "0" + self : self }
}
