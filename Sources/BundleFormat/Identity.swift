public import Architecture
import Tokenizer

/// Identities of towers, pixels and tokens. Embeddings are comparable only if these are equal.
public enum Identity {
  /// SHA-256 of the tower's architecture fields as `key=value\n` lines, then of the raw digests of its canonical
  /// tensors in schema order.
  ///
  /// - Parameter tensorDigests: one per parameter of the tower.
  public static func tower(
    _ tower: Tower, of architecture: CLIPArchitecture, tensorDigests: [Digest]
  ) -> Digest {
    var lines = IdentityLines()
    switch tower {
    case .image: architecture.image?.visitIdentityFields(&lines)
    case .text: architecture.text?.visitIdentityFields(&lines)
    }
    for digest in tensorDigests { lines.append(digest.bytes) }
    return lines.finish()
  }

  /// SHA-256 of the preprocessing fields as `key=value\n` lines.
  public static func preprocessing(_ preprocessing: Preprocessing) -> Digest {
    var lines = IdentityLines()
    preprocessing.visitIdentityFields(&lines)
    return lines.finish()
  }

  /// SHA-256 of the Unicode version that defines classes and lower case, and of the stored merges.
  public static func tokenizer(merges: RawSpan) -> Digest { tokenizer(.openAI, merges) }

  /// The same for a table of pieces and text rules.
  public static func tokenizer(table: RawSpan) -> Digest { tokenizer(.table, table) }

  private static func tokenizer(_ kind: TokenizerKind, _ bytes: RawSpan) -> Digest {
    var lines = IdentityLines()
    lines.choice("tokenizer.kind", kind)
    lines.text("tokenizer.unicode", Tokenizer.unicodeVersion)
    lines.append(bytes)
    return lines.finish()
  }

  /// Begins SHA-256 with a canonical tensor's name, a zero byte, and rank and extents as little-endian u64. The
  /// caller appends the values as FP32.
  public static func beginTensor(_ parameter: Parameter) -> DigestStream {
    var stream = DigestStream()
    stream.update(parameter.name.utf8)
    stream.update([0])
    stream.update(littleEndian(parameter.shape.count))
    for extent in parameter.shape { stream.update(littleEndian(extent)) }
    return stream
  }

  private static func littleEndian(_ value: Int) -> [UInt8] {
    let bits = UInt64(value)
    var bytes: [UInt8] = []
    for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: bits >> (8 * UInt64(shift)))) }
    return bytes
  }
}
