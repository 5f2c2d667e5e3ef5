internal import CImageCodecs
public import Foundation
internal import Input

/// Reads image files on the host with the libraries that Pillow uses, and returns the same samples as Pillow.
///
/// The runtime never decodes; its input is pixels.
public enum ImageFiles {
  /// Decodes the JPEG, PNG or WebP file at `path`. The kind is detected from the content.
  public static func read(_ path: String, limits: Limits = Limits()) throws(ImageFileError) -> DecodedImage {
    var memory: [UInt8] = []
    return try read(path, limits: limits, reusing: &memory)
  }

  /// The same for consecutive images. Reusing memory saves its clearing, which takes a quarter of the decoding time.
  ///
  /// - Parameter memory: the samples of an earlier image, which are overwritten; empty afterwards if they were used.
  public static func read(
    _ path: String, limits: Limits = Limits(), reusing memory: inout [UInt8]
  ) throws(ImageFileError) -> DecodedImage {
    try decode(try bytes(of: path, limits: limits), name: path, limits: limits, reusing: &memory)
  }

  /// Decodes an image in memory; errors contain `name`. Total: any bytes give an image or an error.
  public static func decode(
    _ bytes: Data, name: String, limits: Limits = Limits()
  ) throws(ImageFileError) -> DecodedImage {
    var memory: [UInt8] = []
    return try decode(bytes, name: name, limits: limits, reusing: &memory)
  }

  /// The same for consecutive images, as in `read`.
  public static func decode(
    _ bytes: Data, name: String, limits: Limits = Limits(), reusing memory: inout [UInt8]
  ) throws(ImageFileError) -> DecodedImage {
    switch ImageFormat(bytes) {
    case .jpeg: try JPEGDecoder.decode(bytes, name: name, limits: limits, reusing: &memory)
    case .png: try PNGDecoder.decode(bytes, name: name, limits: limits, reusing: &memory)
    case .webp: try WebPDecoder.decode(bytes, name: name, limits: limits)
    case .other(let description): throw ImageFileError.notAnImage(bytes, name, description)
    }
  }

  /// The undecoded content of an image file; `-` is standard input. For a file that is not an image, only its
  /// beginning.
  public static func bytes(
    of path: String, limits: Limits = Limits()
  ) throws(ImageFileError) -> Data {
    do throws(InputError) {
      return try InputFile.bytes(of: path, limit: limits.maximumFileByteCount) { ImageFormat($0).isRead }
    } catch {
      throw ImageFileError(error, file: path)
    }
  }

  /// The header of an image in memory, which states its size. Nothing is decoded.
  public static func header(
    _ bytes: Data, name: String, limits: Limits = Limits()
  ) throws(ImageFileError) -> ImageHeader {
    switch ImageFormat(bytes) {
    case .jpeg: try JPEGDecoder.header(bytes, name: name, limits: limits)
    case .png: try PNGDecoder.header(bytes, name: name, limits: limits)
    case .webp: try WebPDecoder.header(bytes, name: name, limits: limits)
    case .other(let description): throw ImageFileError.notAnImage(bytes, name, description)
    }
  }
}

extension ImageFileError {
  fileprivate static func notAnImage(_ bytes: Data, _ name: String, _ description: String) -> ImageFileError {
    bytes.isEmpty
      ? ImageFileError(.empty, file: name, detail: "")
      : ImageFileError(.unsupported, file: name, detail: description)
  }

  fileprivate init(_ error: InputError, file: String) {
    let code: Code =
      switch error.code {
      case .missing, .denied, .folder, .notAFile, .failed: .unreadable
      case .tooLarge: .tooLarge
      case .noMemory: .noMemory
      }
    self.init(code, file: file, detail: error.reason)
    switch error.code {
    case .missing, .denied, .notAFile, .failed: advice = error.hint
    case .folder, .tooLarge, .noMemory: break
    }
  }
}

/// The kind of an image file, detected from its first bytes.
enum ImageFormat: Equatable {
  case jpeg, png, webp
  /// Not supported; describes the bytes.
  case other(String)

  var isRead: Bool {
    switch self {
    case .jpeg, .png, .webp: true
    case .other: false
    }
  }

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
    let known = [
      ("GIF8", 0, "a GIF"), ("BM", 0, "a BMP"), ("II*\0", 0, "a TIFF"), ("MM\0*", 0, "a TIFF"),
      ("ftypheic", 4, "a HEIC image"), ("ftypmif1", 4, "a HEIC image"),
      ("ftypavif", 4, "an AVIF image"),
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
