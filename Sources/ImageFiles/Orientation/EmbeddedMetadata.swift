internal import Foundation

/// EXIF and XMP data of an image file, as Pillow 13 finds them (`JpegImagePlugin.APP`, `PngImagePlugin`, libwebp's
/// demultiplexer). Compressed XMP and ImageMagick's text profiles in PNG are not supported.
struct EmbeddedMetadata {
  /// A complete TIFF file.
  private(set) var exif: [UInt8] = []
  private(set) var xmp: [UInt8] = []

  /// The stored orientation, 2–8: EXIF's, or XMP's if EXIF has none; nil for upright or absent.
  var orientation: Int? {
    let stated = exifOrientation(exif) ?? xmpOrientation(xmp)
    return stated.flatMap { 2...8 ~= $0 ? $0 : nil }
  }

  private static let exifSignature = Array("Exif\0\0".utf8)

  /// Segments before the first scan.
  static func ofJPEG(_ bytes: Data) -> EmbeddedMetadata {
    let xmpSignature = Array("http://ns.adobe.com/xap/1.0/\0".utf8)
    var result = EmbeddedMetadata()
    var reader = ChunkReader(bytes, at: 2)
    while let marker = reader.byte(), marker == 0xFF {
      guard var kind = reader.byte() else { break }
      while kind == 0xFF, let next = reader.byte() { kind = next }
      guard kind != 0xDA, let length = reader.bigEndian(byteCount: 2), length >= 2,
        let content = reader.take(length - 2)
      else { break }
      guard kind == 0xE1 else { continue }
      if content.starts(with: exifSignature) {
        result.exif += content.dropFirst(exifSignature.count)  // long data continues in further segments
      } else if content.starts(with: xmpSignature) {
        result.xmp = Array(content.dropFirst(xmpSignature.count))
      }
    }
    return result
  }

  /// Chunks before and after the pixels.
  static func ofPNG(_ bytes: Data) -> EmbeddedMetadata {
    let xmpKeyword = Array("XML:com.adobe.xmp\0\0\0".utf8)  // keyword, not compressed, method
    var result = EmbeddedMetadata()
    var reader = ChunkReader(bytes, at: 8)
    while let length = reader.bigEndian(byteCount: 4), let kind = reader.take(4),
      let content = reader.take(length), reader.take(4) != nil
    {
      if kind.elementsEqual("eXIf".utf8) {
        result.exif = Array(content)
      } else if kind.elementsEqual("iTXt".utf8), content.starts(with: xmpKeyword) {
        result.xmp = Array(content.dropFirst(xmpKeyword.count))
      }
    }
    return result
  }

  /// Chunks that the extended header announces.
  static func ofWebP(_ bytes: Data) -> EmbeddedMetadata {
    let (xmpFlag, exifFlag): (UInt8, UInt8) = (0x04, 0x08)
    var result = EmbeddedMetadata()
    var flags: UInt8 = 0
    var reader = ChunkReader(bytes, at: 12)
    while let kind = reader.take(4), let length = reader.littleEndian(byteCount: 4),
      let content = reader.take(length)
    {
      if length % 2 == 1 { _ = reader.byte() }
      if kind.elementsEqual("VP8X".utf8) {
        flags = content.first ?? 0
      } else if kind.elementsEqual("EXIF".utf8), flags & exifFlag != 0, result.exif.isEmpty {
        result.exif = Array(
          content.starts(with: exifSignature) ? content.dropFirst(exifSignature.count) : content)
      } else if kind.elementsEqual("XMP ".utf8), flags & xmpFlag != 0, result.xmp.isEmpty {
        result.xmp = Array(content)
      }
    }
    return result
  }
}
