internal import Foundation

/// Transparency that a file states in addition to the samples: Pillow's `info["transparency"]`.
public enum Transparency: Equatable, Sendable {
  /// The alpha of each palette index, 256 values.
  case indices([UInt8])
  /// Pixels with this colour as 8-bit RGB are transparent; all others are opaque.
  case color(SIMD3<UInt8>)
}

extension Transparency {
  /// The last `tRNS` chunk before the pixels, with Pillow's rules: for a 16-bit value the low byte counts, and a grey
  /// of fewer than 8 bits is compared after the samples were scaled to 8 bits.
  ///
  /// - Returns: nil if there is none, or if the mode has an alpha channel, which overrides it.
  init?(png bytes: Data, mode: DecodedImage.Mode, name: String) throws(ImageFileError) {
    guard let content = Self.chunk(bytes) else { return nil }
    let lows = stride(from: 1, to: content.count, by: 2).map { content[$0] }
    switch mode {
    case .palette:
      let stated = content.prefix(256)
      self = .indices(stated + [UInt8](repeating: 255, count: 256 - stated.count))
    case .bilevel:
      try Self.require(lows.count >= 1, name)
      self = .color(SIMD3(repeating: content[0] | content[1] == 0 ? 0 : 255))
    case .grey, .grey16:
      try Self.require(lows.count >= 1, name)
      self = .color(SIMD3(repeating: lows[0]))
    case .rgb:
      try Self.require(lows.count >= 3, name)
      self = .color(SIMD3(lows[0], lows[1], lows[2]))
    case .rgba, .greyAlpha, .cmyk: return nil
    }
  }

  private static func chunk(_ bytes: Data) -> [UInt8]? {
    var found: [UInt8]?
    var reader = ChunkReader(bytes, at: 8)
    while let length = reader.bigEndian(byteCount: 4), let kind = reader.take(4),
      !kind.elementsEqual("IDAT".utf8), let content = reader.take(length), reader.take(4) != nil
    {
      if kind.elementsEqual("tRNS".utf8) { found = Array(content) }
    }
    return found
  }

  private static func require(_ isComplete: Bool, _ name: String) throws(ImageFileError) {
    guard !isComplete else { return }
    throw ImageFileError(.undecodable, file: name, detail: "its tRNS chunk is too short for its colours")
  }
}
