/// The fields of a tokenizer table: the algorithm, the text rules and the sections. `docs/TOKENIZER.md` describes the
/// bytes.
public struct TableHeader: Equatable, Sendable {
  /// How pieces are found.
  public enum Algorithm: UInt8, Sendable, CaseIterable {
    /// The best path of a unigram model, with the rounding of sentencepiece (32-bit floats).
    case unigramOfSentencePiece = 1
    /// The same with the rounding of tokenizers (64-bit floats).
    case unigramOfTokenizers = 2
    /// Byte-pair encoding of sentencepiece: two neighbours merge if their union is a piece, best score first.
    case pairsByScore = 3
    /// Byte-pair encoding of tokenizers: two neighbours merge if a merge lists them, lowest rank first.
    case pairsByRank = 4

    var isUnigram: Bool { self == .unigramOfSentencePiece || self == .unigramOfTokenizers }
  }

  /// The `▁` in front of a text.
  public enum Prefix: UInt8, Sendable, CaseIterable {
    case none = 0
    /// sentencepiece's `add_dummy_prefix`.
    case dummy = 1
    /// Written before the text, as by Hugging Face's `SiglipTokenizer`.
    case written = 2
    /// tokenizers' `Metaspace`: unless one is there already, before each part.
    case eachPart = 3
    /// The same, before the text alone.
    case firstPart = 4
  }

  /// What becomes of spaces.
  public enum Spaces: UInt8, Sendable, CaseIterable {
    /// Each becomes a `▁`.
    case each = 0
    /// sentencepiece's `remove_extra_whitespaces`.
    case withoutExtra = 1
    /// Each run becomes one `▁`.
    case runs = 2
    /// The same, after white space at the end was removed.
    case runsBeforeEnd = 3
  }

  /// How the character map is applied.
  public enum Mapping: UInt8, Sendable, CaseIterable {
    /// The longest match at each position, as in sentencepiece.
    case longestMatch = 0
    /// To grapheme clusters below six bytes, else to each character, as in tokenizers.
    case clusters = 1
  }

  /// Where a text is divided.
  public enum Words: UInt8, Sendable, CaseIterable {
    case whole = 0
    /// Before a `▁` that follows another character, which no piece contains. Scores continue: the ids are those of the
    /// undivided text.
    case continued = 1
    /// Before each `▁`. Every word begins anew.
    case separate = 2
    /// At white space, which is dropped, and before each `▁`.
    case separateAtSpaces = 3
  }

  /// What becomes of a character that is no piece.
  public enum Unknown: UInt8, Sendable, CaseIterable {
    /// A run of them becomes one unknown id.
    case fused = 0
    case single = 1
    /// Its UTF-8 bytes become byte pieces.
    case bytes = 2
  }

  /// The bytes of the table that hold one list; none if it is absent.
  public struct Section: Equatable, Sendable {
    public var offset: UInt32
    public var byteCount: UInt32

    public init(offset: UInt32 = 0, byteCount: UInt32 = 0) {
      self.offset = offset
      self.byteCount = byteCount
    }
  }

  public var algorithm = Algorithm.unigramOfSentencePiece
  /// Whether references are decoded twice and the text is composed, as in OpenAI's tokenizer.
  public var cleans = false
  /// Whether the table has user-defined pieces, which the character map does not change.
  public var hasUserDefined = false
  public var letterCase = LetterCase.kept
  public var punctuation = PunctuationRule.kept
  /// Whether punctuation is deleted after lower-casing, which matters to a final sigma.
  public var deletesAfterLowerCasing = false
  /// Whether runs of `str.isspace` become one space and both ends are stripped.
  public var collapsesWhitespace = false
  public var prefix = Prefix.none
  public var spaces = Spaces.each
  public var mapping = Mapping.longestMatch
  public var words = Words.whole
  public var unknown = Unknown.fused
  /// The most characters that the character map replaces at once.
  public var longestKey: UInt8 = 0

  /// Ids are below this.
  public var vocabulary: UInt32 = 0
  /// `noID` if there is none.
  public var unknownID = TableHeader.noID
  public var beginID = TableHeader.noID
  public var endID = TableHeader.noID
  public var padID = TableHeader.noID
  /// The number of ids that a text is padded to; 0 if it is not padded.
  public var length: UInt32 = 0
  /// Bytes of the longest piece.
  public var longestPiece: UInt32 = 0
  public var unknownScore = 0.0
  /// The factor of a user-defined piece's length in its score.
  public var bestScore = 0.0

  /// By position in the table.
  public var sections = InlineArray<9, Section>(repeating: Section())

  public init() {}

  public static var noID: UInt32 { .max }
  public static var magic: UInt32 { 0x4B54_4350 }  // "PCTK"
  public static var version: UInt16 { 1 }
  public static var byteCount: Int { 160 }
  /// The most ids; a value of a trie has 24 bits for one.
  public static var largestVocabulary: UInt32 { 1 << 24 }
  public static var longestPieceLimit: UInt32 { 512 }
  public static var longestKeyLimit: UInt8 { 32 }
  public static var firstSection: Int { 64 }

  /// Bits of a trie's value beside the id.
  public static var userDefined: UInt32 { 1 << 24 }
  public static var stripsLeft: UInt32 { 1 << 25 }
  public static var stripsRight: UInt32 { 1 << 26 }

  /// The lists, in the order of `sections`.
  public enum List: Int, Sendable, CaseIterable {
    /// Double array from a piece's bytes to its id and bits.
    case pieces = 0
    /// Scores by id (floats, or doubles of tokenizers), or ranks by id (`pairsByScore`).
    case scores = 1
    /// The id of each byte.
    case bytes = 2
    case mapTrie = 3
    case mapTexts = 4
    /// Double array from a token that is recognised in the text to its id and bits.
    case specials = 5
    /// For each left id, the index of its first merge; one more at the end.
    case mergeStarts = 6
    /// Right ids, ascending for each left id.
    case mergeRights = 7
    case mergeRanks = 8
  }

  public subscript(list: List) -> Section {
    get { sections[list.rawValue] }
    set { sections[list.rawValue] = newValue }
  }

  public static func == (a: TableHeader, b: TableHeader) -> Bool { a.encoded == b.encoded }
}
