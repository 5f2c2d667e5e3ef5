internal import CTextTables

/// OpenAI's byte-pair tokenizer (`clip.simple_tokenizer`): the same ids for any text, except that only the last of
/// ftfy's repairs, canonical composition, is applied.
///
/// A value without locks that any number of threads can use; each thread needs its own `Scratch`.
public struct Tokenizer: Sendable {
  /// Versions of the Unicode tables for piece classes and lower-casing, which are part of the tokenizer's identity.
  public static var unicodeVersion: StaticString { "classes 17.0.0, case 14.0.0" }

  /// Byte tokens, the same at the end of a word, one token per merge, start and end of text.
  public let vocabularySize: Int

  private let index: MergeIndex

  /// - Parameters:
  ///   - merges: rows of two token ids, as in a bundle's `tokenizer.merges`; row i defines token 512 + i.
  ///   - count: rows to use; later ones are padding.
  public init(merges: Span<UInt16>, count: Int) throws(MergesFault) {
    index = try MergeIndex(merges: merges, count: count)
    vocabularySize = 512 + count + 2
  }

  public var startOfText: Int32 { Int32(vocabularySize - 2) }
  public var endOfText: Int32 { Int32(vocabularySize - 1) }

  /// The result of `tokenize`.
  public struct Result: Equatable, Sendable {
    /// Number of written ids, including start and end of text.
    public var count: Int
    /// Byte offset in the given text of the part that did not fit; nil if everything fitted.
    public var cutOffset: Int?

    public var isTruncated: Bool { cutOffset != nil }
  }

  /// Working memory of `tokenize`, reused from call to call. It never grows.
  public struct Scratch: ~Copyable {
    var piece: Piece
    var merging: BytePairMerging

    /// - Parameter contextLength: the most ids of a text.
    public init(contextLength: Int) {
      let capacity = Tokenizer.longestWord(contextLength: contextLength)
      piece = Piece(capacity: capacity)
      merging = BytePairMerging(capacity: capacity)
    }

    /// Bytes that such a scratch allocates on the heap, without the allocator's overhead.
    public static func byteCount(contextLength: Int) -> Int {
      Tokenizer.longestWord(contextLength: contextLength) * (1 + 8 + 2 + 8 + 8 + 4 + 3 * 8)
    }
  }

  /// The most bytes of a word (a run without spaces or punctuation) that are processed; the rest of a longer one
  /// counts as truncated.
  ///
  /// The longest token of OpenAI's vocabulary has 32 bytes, so the ids that fit come from the first half of these
  /// bytes. Later bytes could only change them through the complete second half.
  public static func longestWord(contextLength: Int) -> Int {
    contextLength == 0 ? 0 : max(4096, 64 * contextLength)
  }

  /// Writes start of text, the text's tokens and end of text. Later ids are not changed (OpenAI pads with 0).
  ///
  /// A text too long for `ids` keeps the first `ids.count` ids, of which the last becomes end of text; the rest of
  /// the text is only checked for marks to compose. Ill-formed UTF-8 is read as U+FFFD. Any bytes are a valid text.
  public func tokenize(
    _ text: Span<UInt8>, into ids: inout MutableSpan<Int32>, scratch: inout Scratch
  ) -> Result {
    guard !ids.isEmpty else { return Result(count: 0, cutOffset: 0) }
    let unescaped = CharacterReferences(CharacterReferences(UTF8Scalars(text)))
    // Composition does not change white space. Cleaning it first makes lookahead copies smaller.
    let needsComposition = !isPlain(text) && !isComposed(unescaped)
    let composed = Composition(WhitespaceCleaning(unescaped), isNeeded: needsComposition)
    var pieces = PieceSplitter(LowerCasing(composed))
    ids[0] = startOfText
    var count = 1
    var cutOffset: Int? = ids.count > 1 ? nil : 0
    while cutOffset == nil, pieces.next(into: &scratch.piece) {
      cutOffset = append(&scratch, to: &ids, &count) ?? scratch.piece.cutOffset
    }
    let last = min(count, ids.count - 1)
    ids[last] = endOfText
    return Result(count: last + 1, cutOffset: cutOffset)
  }

  /// Appends the ids of the piece in `scratch`. Returns the offset of the first part that does not fit, if any.
  private func append(
    _ scratch: inout Scratch, to ids: inout MutableSpan<Int32>, _ count: inout Int
  ) -> Int? {
    if let special = specialToken(scratch.piece) {
      guard count < ids.count - 1 else { return scratch.piece.offsets[0] }
      ids[count] = special
      count += 1
      return nil
    }
    scratch.merging.merge(scratch.piece, with: index)
    var next: Int? = 0
    while let position = next {
      guard count < ids.count - 1 else { return scratch.piece.offsets[position] }
      ids[count] = Int32(scratch.merging.id(at: position))
      count += 1
      next = scratch.merging.position(after: position)
    }
    return nil
  }

  /// As in OpenAI's code, a special token written in a text becomes that token.
  private func specialToken(_ piece: borrowing Piece) -> Int32? {
    if piece.equals("<|startoftext|>") { return startOfText }
    return piece.equals("<|endoftext|>") ? endOfText : nil
  }
}
