internal import CZlib
public import Verification

/// A small PNG of an image (ISO/IEC 15948).
public enum Thumbnail {
  /// The longer edge in pixels.
  private static let edge = 96

  /// - Returns: nil if there is no memory to compress it.
  public static func png(of image: ProbeImage) -> [UInt8]? {
    let longest = max(image.width, image.height)
    guard longest > 0, image.pixels.count == 3 * image.width * image.height else { return nil }
    let width = max(1, image.width * min(edge, longest) / longest)
    let height = max(1, image.height * min(edge, longest) / longest)
    var rows: [UInt8] = []
    for y in 0..<height {
      rows.append(0)  // No filter.
      for x in 0..<width { rows += mean(image, x, y, width, height) }
    }
    guard let compressed = deflated(rows) else { return nil }
    var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    // 8 bits, RGB, deflate, adaptive filters, not interlaced.
    append("IHDR", bigEndian(width) + bigEndian(height) + [8, 2, 0, 0, 0], to: &file)
    append("IDAT", compressed, to: &file)
    append("IEND", [], to: &file)
    return file
  }

  /// The mean of the pixels that one pixel of the thumbnail covers.
  private static func mean(_ image: ProbeImage, _ x: Int, _ y: Int, _ width: Int, _ height: Int) -> [UInt8] {
    let columns = x * image.width / width..<max((x + 1) * image.width / width, x * image.width / width + 1)
    let rows = y * image.height / height..<max((y + 1) * image.height / height, y * image.height / height + 1)
    return (0..<3).map { channel in
      var sum = 0
      for row in rows {
        for column in columns { sum += Int(image.pixels[3 * (row * image.width + column) + channel]) }
      }
      return UInt8(truncatingIfNeeded: sum / (rows.count * columns.count))
    }
  }

  private static func deflated(_ bytes: [UInt8]) -> [UInt8]? {
    var length = compressBound(uLong(bytes.count))
    var compressed = [UInt8](repeating: 0, count: Int(length))
    guard compress2(&compressed, &length, bytes, uLong(bytes.count), 9) == Z_OK else { return nil }
    return Array(compressed.prefix(Int(length)))
  }

  private static func append(_ type: StaticString, _ content: [UInt8], to file: inout [UInt8]) {
    let name = Array("\(type)".utf8)
    file += bigEndian(content.count) + name + content
    file += bigEndian(Int(crc32(0, name + content, uInt(name.count + content.count))))
  }

  private static func bigEndian(_ value: Int) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }
}
