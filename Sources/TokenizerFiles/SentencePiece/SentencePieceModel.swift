internal import Archives

/// A `spiece.model` or `tokenizer.model`: the message `ModelProto` of sentencepiece.
struct SentencePieceModel {
  enum Kind { case unigram, pairs }

  var kind = Kind.unigram
  /// By id.
  var pieces: [Piece] = []
  var byteFallback = false
  /// Range of the character map in the file; empty without one.
  var map = 0..<0
  var addsDummyPrefix = true
  var removesExtraSpaces = true

  /// Ids of PocketCLIP's bundles are below this. The largest published tokenizer has 901,629 pieces.
  static let largestCount = 1 << 21

  private let file: MappedFile
  private var escapesSpaces = true
  private var marksEnd = false

  init(_ file: MappedFile) throws(TokenizerFileError) {
    self.file = file
    do throws(ReadError) {
      try read()
    } catch {
      throw TokenizerFileError(error)
    }
    try check()
  }

  private mutating func read() throws(ReadError) {
    var fields = ProtobufFields(file, 0..<file.byteCount)
    while let field = try fields.next() {
      switch field.number {
      case 1:
        guard pieces.count < Self.largestCount else {
          throw ReadError(
            .limitExceeded, at: UInt64(field.offset), expected: "at most \(Self.largestCount) pieces",
            found: "more")
        }
        pieces.append(try piece(field))
      case 2: try readTrainer(try field.range())
      case 3: try readNormalizer(try field.range())
      default: break
      }
    }
  }

  private func piece(_ field: ProtobufFields.Field) throws(ReadError) -> Piece {
    var piece = Piece(text: [], score: 0, kind: .normal, id: pieces.count, offset: field.offset)
    var fields = ProtobufFields(file, try field.range())
    while let field = try fields.next() {
      switch field.number {
      case 1: piece.text = try text(field)
      case 2: piece.score = Double(try field.float())
      case 3: piece.kind = try kind(field)
      default: break
      }
    }
    return piece
  }

  private func text(_ field: ProtobufFields.Field) throws(ReadError) -> [UInt8] {
    let range = try field.range()
    // A longer one is an error later; its bytes are not needed for that.
    let kept = range.prefix(1024)
    let bytes = file.bytes.extracting(kept).withUnsafeBytes { [UInt8]($0) }
    guard kept.count < range.count || String(validating: bytes, as: UTF8.self) != nil else {
      throw ReadError(
        .protobufInvalid, at: UInt64(field.offset), expected: "UTF-8", found: "other bytes in a piece")
    }
    return bytes
  }

  private func kind(_ field: ProtobufFields.Field) throws(ReadError) -> Piece.Kind {
    switch try field.integer() {
    case 1: return .normal
    case 2: return .unknown
    case 3: return .control
    case 4: return .userDefined
    case 5: return .unused
    case 6: return .byte
    case let other:
      throw ReadError(
        .protobufInvalid, at: UInt64(field.offset), expected: "a piece type of 1 to 6", found: "\(other)")
    }
  }

  private mutating func readTrainer(_ range: Range<Int>) throws(ReadError) {
    var fields = ProtobufFields(file, range)
    while let field = try fields.next() {
      switch field.number {
      case 3:
        switch try field.integer() {
        case 1: kind = .unigram
        case 2: kind = .pairs
        case let other:
          throw ReadError(
            .protobufInvalid, at: UInt64(field.offset), expected: "model type 1 (unigram) or 2 (BPE)",
            found: "\(other)")
        }
      case 24: marksEnd = try field.integer() != 0
      case 35: byteFallback = try field.integer() != 0
      default: break
      }
    }
  }

  private mutating func readNormalizer(_ range: Range<Int>) throws(ReadError) {
    var fields = ProtobufFields(file, range)
    while let field = try fields.next() {
      switch field.number {
      case 2: map = try field.range()
      case 3: addsDummyPrefix = try field.integer() != 0
      case 4: removesExtraSpaces = try field.integer() != 0
      case 5: escapesSpaces = try field.integer() != 0
      default: break
      }
    }
  }

  private func check() throws(TokenizerFileError) {
    guard !pieces.isEmpty else {
      throw TokenizerFileError(.notATokenizer, expected: "a SentencePiece model", found: "no pieces")
    }
    guard escapesSpaces, !marksEnd else {
      throw TokenizerFileError(
        .unsupported, expected: "spaces as ▁ in front of words",
        found: escapesSpaces ? "treat_whitespace_as_suffix" : "escape_whitespaces off")
    }
    let unknown = pieces.filter { $0.kind == .unknown }
    guard unknown.count == 1 else {
      throw TokenizerFileError(
        .contradiction, at: unknown.dropFirst().first?.offset, expected: "one unknown piece",
        found: "\(unknown.count)")
    }
    for piece in pieces where !piece.score.isFinite {
      throw TokenizerFileError(
        .malformed, at: piece.offset, item: piece.name, expected: "a finite score", found: "\(piece.score)")
    }
  }

  /// The bytes of the character map.
  func mapBytes() -> [UInt8] {
    file.bytes.extracting(map).withUnsafeBytes { [UInt8]($0) }
  }
}
