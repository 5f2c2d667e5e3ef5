internal import BundleFormat
internal import Output

/// Appends the bytes of one stored tensor to the file and hashes them.
struct StoredStream {
  private let region: OutputFile.Region
  private var offset: Int
  private var hash = DigestStream()

  init(_ region: OutputFile.Region, at offset: Int) {
    self.region = region
    self.offset = offset
  }

  mutating func append(_ bytes: RawSpan) throws(OutputError) {
    hash.update(bytes)
    try region.write(bytes, at: offset)
    offset += bytes.byteCount
  }

  consuming func finish() -> Digest { hash.finish() }

  /// Writes a complete small tensor: `bytes`, then zeros up to its padded size.
  static func write(
    _ bytes: RawSpan, paddedTo byteCount: Int, _ region: OutputFile.Region, at offset: Int
  ) throws(OutputError) -> Digest {
    var stream = StoredStream(region, at: offset)
    try stream.append(bytes)
    let padding = [UInt8](repeating: 0, count: byteCount - bytes.byteCount)
    try stream.append(padding.span.bytes)
    return stream.finish()
  }
}
