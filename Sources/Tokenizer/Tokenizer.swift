internal import CTextTables

/// OpenAI's byte-pair tokenizer (`clip.simple_tokenizer`): the same ids for any text, but of ftfy's repairs only the last,
/// canonical composition.
///
/// A value without locks that any number of threads may use; each brings its own `Scratch`.
public struct Tokenizer: Sendable {
  /// Versions of the Unicode tables behind piece classes and lower-casing: a part of the tokenizer's identity.
  public static var unicodeVersion: StaticString { "classes 17.0.0, case 14.0.0" }

  /// Byte tokens, the same at the end of a word, one token a merge, start and end of text.
  public let vocabularySize: Int

  private let index: MergeIndex

  /// - Parameters:
  ///   - merges: rows of two token ids, as in a bundle's `tokenizer.merges`; row i makes token 512 + i.
  ///   - count: rows to use; later ones are filler.
  public init(merges: Span<UInt16>, count: Int) throws(MergesFault) {
    index = try MergeIndex(merges: merges, count: count)
    vocabularySize = 512 + count + 2
  }

  public var startOfText: Int32 { Int32(vocabularySize - 2) }
  public var endOfText: Int32 { Int32(vocabularySize - 1) }

  /// What `tokenize` found.
  public struct Result: Equatable, Sendable {
    /// Ids written, start and end of text included.
    public var count: Int
    /// Where the text that did not fit begins: a byte offset in the text as given, nil if everything fitted.
    public var cutOffset: Int?

    public var isTruncated: Bool { cutOffset != nil }
  }

  /// Working memory of `tokenize`, reused from call to call. It never grows.
  public struct Scratch: ~Copyable {
    var piece: Piece
    var merging: BytePairMerging

    /// - Parameter contextLength: ids that a text may have.
    public init(contextLength: Int) {
      let capacity = Tokenizer.longestWord(contextLength: contextLength)
      piece = Piece(capacity: capacity)
      merging = BytePairMerging(capacity: capacity)
    }

    /// Bytes that such a scratch holds on the heap, allocator overhead apart.
    public static func byteCount(contextLength: Int) -> Int {
      Tokenizer.longestWord(contextLength: contextLength) * (1 + 8 + 2 + 8 + 8 + 4 + 3 * 8)
    }
  }

  /// Bytes of a word (a run without spaces or punctuation) that are looked at; the rest of a longer one counts as cut off.
  ///
  /// The longest token of OpenAI's vocabulary has 32 bytes, so the ids that fit come from the first half of this; what
  /// lies beyond it would have to change them across the other half.
  public static func longestWord(contextLength: Int) -> Int {
    contextLength == 0 ? 0 : max(4096, 64 * contextLength)
  }

  /// Writes start of text, the text's tokens and end of text; the ids after them are left alone (OpenAI pads with 0).
  ///
  /// A text too long for `ids` keeps the first `ids.count` ids, of which the last becomes end of text; the rest of
  /// the text is only checked for marks to compose. Ill-formed UTF-8 is read as U+FFFD. Any bytes are a valid text.
  public func tokenize(
    _ text: Span<UInt8>, into ids: inout MutableSpan<Int32>, scratch: inout Scratch
  ) -> Result {
    guard !ids.isEmpty else { return Result(count: 0, cutOffset: 0) }
    let unescaped = CharacterReferences(CharacterReferences(UTF8Scalars(text)))
    // White space is white space before and after composition; cleaned first, it is looked through with smaller copies.
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

  /// Appends the ids of the piece in `scratch`; the offset of the first that does not fit, if any.
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

  /// Special tokens typed in a text are that token, as in OpenAI's code.
  private func specialToken(_ piece: borrowing Piece) -> Int32? {
    if piece.equals("<|startoftext|>") { return startOfText }
    return piece.equals("<|endoftext|>") ? endOfText : nil
  }
}
