/// A tokenizer whose pieces and text rules are one table: the unigram models and byte-pair encodings of sentencepiece
/// and tokenizers.
///
/// A value without locks that any number of threads can use; each thread needs its own `Scratch`. It holds only the
/// fields of the table: `tokenize` reads the lists in place.
public struct TableTokenizer: Sendable {
  public var header: TableHeader { tokens.header }
  public var vocabularySize: Int { Int(tokens.header.vocabulary) }

  private let tokens: TokenTable

  /// Checks the fields of the table, in constant time.
  public init(_ table: RawSpan) throws(TableFault) {
    tokens = TokenTable(try TableHeader(table))
  }

  /// Working memory of `tokenize`, reused from call to call. It never grows.
  public struct Scratch: ~Copyable {
    var word: Piece
    var path: BestPath
    var merging: PieceMerging

    /// Without memory.
    init() {
      word = Piece(capacity: 0)
      path = BestPath(capacity: 0)
      merging = PieceMerging(capacity: 0)
    }

    /// - Parameter contextLength: the most ids of a text.
    public init(_ tokenizer: TableTokenizer, contextLength: Int) {
      let capacity = tokenizer.longestWord(contextLength: contextLength)
      let isUnigram = tokenizer.tokens.header.algorithm.isUnigram
      word = Piece(capacity: capacity)
      path = BestPath(capacity: isUnigram ? capacity : 0)
      merging = PieceMerging(capacity: isUnigram ? 0 : capacity)
    }

    /// Bytes that such a scratch allocates on the heap, without the allocator's overhead.
    public static func byteCount(_ tokenizer: TableTokenizer, contextLength: Int) -> Int {
      let isUnigram = tokenizer.tokens.header.algorithm.isUnigram
      let perByte = isUnigram ? BestPath.bytesPerPosition : PieceMerging.bytesPerPosition
      return (tokenizer.longestWord(contextLength: contextLength) + 1) * (1 + 8 + perByte)
    }
  }

  /// The most bytes of a word that are processed; the rest of a longer one counts as truncated. A word ends before a
  /// `▁`, unless the table has pieces with an inner one: then the text is one word.
  public func longestWord(contextLength: Int) -> Int {
    let wanted = 64 * min(max(contextLength, 0), PieceMerging.longestWord / 64)
    return contextLength <= 0 ? 0 : min(max(4096, wanted), PieceMerging.longestWord)
  }

  /// Writes the ids of begin and end of text, if the table has them, and of the text between. If the table pads, the
  /// other ids become its padding; else they are not changed.
  ///
  /// A text too long for `ids` keeps its first ids and the end of text. Ill-formed UTF-8 is read as U+FFFD. Any bytes
  /// are a valid text.
  ///
  /// - Parameter table: the bytes that the tokenizer was made from.
  /// - Returns: the number of ids without padding.
  public func tokenize(
    _ text: Span<UInt8>, table: RawSpan, into ids: inout MutableSpan<Int32>, scratch: inout Scratch
  ) -> Tokenizer.Result {
    guard !ids.isEmpty else { return Tokenizer.Result(count: 0, cutOffset: 0) }
    let hasEnd = header.endID != TableHeader.noID
    var output = IDOutput(room: ids.count - (hasEnd ? 1 : 0))
    if header.beginID != TableHeader.noID { output.append(header.beginID, at: 0, to: &ids) }
    var parts = SpecialTokens(text, tokens)
    while output.cutOffset == nil, let part = parts.next(table) {
      if !part.range.isEmpty { encode(text, part, table, &ids, &output, &scratch) }
      if output.cutOffset == nil, let special = part.special {
        output.append(special, at: part.specialOffset, to: &ids)
      }
    }
    return finish(&ids, &output)
  }

  /// Writes the ids of a part without special tokens.
  private func encode(
    _ text: Span<UInt8>, _ part: SpecialTokens.Part, _ table: RawSpan, _ ids: inout MutableSpan<Int32>,
    _ output: inout IDOutput, _ scratch: inout Scratch
  ) {
    let unescaped = CharacterReferences(
      CharacterReferences(UTF8Scalars(text, part.range), isNeeded: header.cleans), isNeeded: header.cleans)
    let needsComposition = header.cleans && !isPlain(text) && !isComposed(unescaped)
    // A text that is cleaned is also stripped here, as in OpenAI's tokenizer; the stages are the same.
    let composed = Composition(
      WhitespaceCleaning(unescaped, header.cleans ? .regexSpaces : .kept), isNeeded: needsComposition)
    let replacesMark = header.prefix == .written
    let isWritten = replacesMark && part.isFirst
    let early = header.deletesAfterLowerCasing ? PunctuationRule.kept : header.punctuation
    let lowered = LowerCasing(
      Punctuation(composed, early, replacesSpaceMark: replacesMark), header.letterCase)
    let late = header.deletesAfterLowerCasing ? header.punctuation : .kept
    let ruled = WhitespaceCleaning(
      Punctuation(lowered, late), header.collapsesWhitespace ? .pythonSpaces : .kept,
      stripsStart: !isWritten)
    let map = CharacterMap(header)
    let written = isWritten ? TextScalar(value: spaceMark, offset: part.range.lowerBound) : nil
    var words = WordReader(
      SpacedText(MappedText(ruled, map, after: written), header), header, isFirst: part.isFirst)
    begin(&output, &scratch, table)
    while output.cutOffset == nil, words.next(into: &scratch.word, table) {
      write(table, &ids, &output, &scratch)
      if output.cutOffset == nil { output.cutOffset = scratch.word.cutOffset }
    }
  }

  /// Forgets the part before. `SiglipTokenizer` encodes each part after `▁<unk>`, whose ids it drops.
  private func begin(_ output: inout IDOutput, _ scratch: inout Scratch, _ table: RawSpan) {
    scratch.path.reset()
    output.followsUnknown = false
    scratch.word.removeAll()
    guard header.prefix == .written, header.algorithm.isUnigram, scratch.word.hasRoom else { return }
    scratch.word.append(TextScalar(value: spaceMark, offset: 0))
    for index in 0..<5 where scratch.word.hasRoom {
      let byte = ("<unk>" as StaticString).byte(at: index)
      scratch.word.append(TextScalar(value: UInt32(byte), offset: 0))
    }
    scratch.path.search(scratch.word, tokens, table)
    output.followsUnknown = scratch.path.endsUnknown(tokens)
  }

  /// Writes the ids of the word in `scratch`.
  private func write(
    _ table: RawSpan, _ ids: inout MutableSpan<Int32>, _ output: inout IDOutput, _ scratch: inout Scratch
  ) {
    if header.algorithm.isUnigram {
      scratch.path.search(scratch.word, tokens, table)
    } else {
      scratch.merging.search(scratch.word, tokens, table)
    }
    if header.words == .separate || header.words == .separateAtSpaces { output.followsUnknown = false }
    var position = 0
    while position < scratch.word.bytes.count, output.cutOffset == nil {
      let piece = piece(at: position, scratch)
      let offset = scratch.word.offsets[position]
      if let id = piece.id {
        output.append(id, at: offset, to: &ids)
      } else {
        writeUnknown(position..<piece.end, table, &ids, &output, scratch.word)
      }
      position = max(piece.end, position + 1)
    }
  }

  /// The piece of the word at a position; its id is nil if it is unknown.
  private func piece(at position: Int, _ scratch: borrowing Scratch) -> (end: Int, id: UInt32?) {
    guard header.algorithm.isUnigram else { return scratch.merging.piece(at: position) }
    let found = scratch.path.piece(at: position)
    return (found.end, found.id == header.unknownID ? nil : found.id)
  }

  private func writeUnknown(
    _ range: Range<Int>, _ table: RawSpan, _ ids: inout MutableSpan<Int32>, _ output: inout IDOutput,
    _ word: borrowing Piece
  ) {
    if header.unknown == .bytes {
      for index in range where output.cutOffset == nil {
        guard let id = tokens.id(ofByte: word.bytes[index], table) else { continue }
        output.append(id, at: word.offsets[index], to: &ids)
      }
      return
    }
    guard header.unknownID != TableHeader.noID else { return }
    guard !(output.followsUnknown && header.unknown == .fused) else { return }
    output.append(header.unknownID, at: word.offsets[range.lowerBound], to: &ids)
    output.followsUnknown = true
  }

  private func finish(_ ids: inout MutableSpan<Int32>, _ output: inout IDOutput) -> Tokenizer.Result {
    var count = output.count
    if header.endID != TableHeader.noID {
      ids[count] = Int32(bitPattern: header.endID)
      count += 1
    }
    if header.length > 0 {
      for index in count..<ids.count { ids[index] = Int32(bitPattern: header.padID) }
    }
    return Tokenizer.Result(count: count, cutOffset: output.cutOffset)
  }
}
