/// The tokenizer of a model, of either kind. Both have the same results and work on any bytes.
public enum TextTokenizer: Sendable {
  /// Byte pairs of OpenAI's CLIP, with its text rules.
  case openAI(Tokenizer)
  /// Pieces and text rules of a table, which each call passes.
  case table(TableTokenizer)

  public var vocabularySize: Int {
    switch self {
    case .openAI(let tokenizer): tokenizer.vocabularySize
    case .table(let tokenizer): tokenizer.vocabularySize
    }
  }

  /// The id that fills the positions after the end of a text; nil if the table states none.
  public var padID: Int32? {
    switch self {
    case .openAI: 0
    case .table(let tokenizer):
      tokenizer.header.padID == TableHeader.noID ? nil : Int32(bitPattern: tokenizer.header.padID)
    }
  }

  /// Working memory of `tokenize` for one of the kinds. It never grows.
  public struct Scratch: ~Copyable {
    fileprivate var openAI: Tokenizer.Scratch
    fileprivate var table: TableTokenizer.Scratch

    /// - Parameters:
    ///   - tokenizer: nil for no memory.
    ///   - contextLength: the most ids of a text.
    public init(_ tokenizer: TextTokenizer?, contextLength: Int) {
      switch tokenizer {
      case nil:
        openAI = Tokenizer.Scratch(contextLength: 0)
        table = TableTokenizer.Scratch()
      case .openAI:
        openAI = Tokenizer.Scratch(contextLength: contextLength)
        table = TableTokenizer.Scratch()
      case .table(let tokenizer):
        openAI = Tokenizer.Scratch(contextLength: 0)
        table = TableTokenizer.Scratch(tokenizer, contextLength: contextLength)
      }
    }

    /// Bytes that such a scratch allocates on the heap, without the allocator's overhead.
    public static func byteCount(_ tokenizer: TextTokenizer?, contextLength: Int) -> Int {
      switch tokenizer {
      case nil: 0
      case .openAI: Tokenizer.Scratch.byteCount(contextLength: contextLength)
      case .table(let tokenizer):
        TableTokenizer.Scratch.byteCount(tokenizer, contextLength: contextLength)
      }
    }
  }

  /// Writes the ids of a text; see `Tokenizer.tokenize` and `TableTokenizer.tokenize`.
  ///
  /// - Parameters:
  ///   - table: the bytes of the table; empty for OpenAI's tokenizer.
  ///   - scratch: made for this tokenizer; that of another kind gives no ids.
  public func tokenize(
    _ text: Span<UInt8>, table: RawSpan, into ids: inout MutableSpan<Int32>, scratch: inout Scratch
  ) -> Tokenizer.Result {
    switch self {
    case .openAI(let tokenizer): tokenizer.tokenize(text, into: &ids, scratch: &scratch.openAI)
    case .table(let tokenizer):
      tokenizer.tokenize(text, table: table, into: &ids, scratch: &scratch.table)
    }
  }
}
