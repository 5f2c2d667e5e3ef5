public import BundleFormat
internal import CVocabulary

/// The vocabulary in bundles that use OpenAI's tokenizer.
public enum OpenAIVocabulary {
  /// The bytes of `tokenizer.merges`.
  static var merges: RawSpan {
    @_lifetime(immortal)
    get {
      guard let rows = cvocabulary_openai_merges() else { return RawSpan() }
      let byteCount = Int(CVOCABULARY_ROW_COUNT) * 2 * MemoryLayout<UInt16>.size
      return _overrideLifetime(RawSpan(_unsafeStart: rows, byteCount: byteCount), copying: ())
    }
  }

  /// The `tokenizer.id` of those bundles.
  public static var id: Digest { Identity.tokenizer(merges: merges) }
}
