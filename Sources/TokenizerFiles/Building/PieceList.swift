internal import Tokenizer

/// One piece of a tokenizer file.
struct Piece {
  enum Kind {
    /// Found in texts by its score.
    case normal
    /// Found in texts before anything else.
    case userDefined
    case unknown
    /// Never found in a text.
    case control
    case unused
    case byte
  }

  var text: [UInt8]
  var score: Double
  var kind: Kind
  /// In the model.
  var id: Int
  /// In the file.
  var offset: Int

  /// The text for an error.
  var name: String { "piece \"\(String(decoding: text, as: UTF8.self))\"" }
}

/// The pieces that are searched in texts, and what they have in common.
struct PieceList {
  /// In the order of their bytes.
  private(set) var keys: [DoubleArrayBuilder.Key] = []
  private(set) var longest = 0
  private(set) var hasUserDefined = false
  /// Whether a `▁` follows another character in one of them.
  private(set) var hasInnerMark = false

  static let mark: [UInt8] = [0xE2, 0x96, 0x81]

  /// - Parameter isSearched: whether a piece is found in texts; no two pieces may have the same text, found or not.
  /// - Throws: `tooLarge`, `malformed` or, for two pieces of the same text, `contradiction`.
  init(_ pieces: [Piece], isSearched: (Piece) -> Bool = { _ in true }) throws(TokenizerFileError) {
    for piece in pieces { try Self.check(piece) }
    let sorted = pieces.sorted { $0.text.lexicographicallyPrecedes($1.text) }
    for index in sorted.indices.dropFirst() where sorted[index].text == sorted[index - 1].text {
      throw TokenizerFileError(
        .contradiction, at: sorted[index].offset, item: sorted[index].name, expected: "each piece once",
        found: "ids \(sorted[index - 1].id) and \(sorted[index].id)")
    }
    keys.reserveCapacity(pieces.count)
    for piece in sorted where isSearched(piece) {
      longest = max(longest, piece.text.count)
      hasUserDefined = hasUserDefined || piece.kind == .userDefined
      hasInnerMark = hasInnerMark || Self.hasInnerMark(piece.text)
      let bits = piece.kind == .userDefined ? TableHeader.userDefined : 0
      keys.append(DoubleArrayBuilder.Key(bytes: piece.text, value: UInt32(piece.id) | bits))
    }
  }

  private static func check(_ piece: Piece) throws(TokenizerFileError) {
    let limit = Int(TableHeader.longestPieceLimit)
    guard !piece.text.isEmpty else {
      throw TokenizerFileError(.malformed, at: piece.offset, expected: "a text", found: "an empty piece")
    }
    guard piece.text.count <= limit else {
      throw TokenizerFileError(
        .tooLarge, at: piece.offset, expected: "pieces of at most \(limit) bytes",
        found: "\(piece.text.count)")
    }
    guard !piece.text.contains(0) else {
      throw TokenizerFileError(.unsupported, at: piece.offset, found: "a piece with a NUL character")
    }
  }

  /// Whether a `▁` follows another character in a text.
  static func hasInnerMark(_ text: [UInt8]) -> Bool {
    guard text.count > mark.count else { return false }
    // A mark that follows a character that is not one.
    var follows = false
    var index = 0
    while index < text.count {
      let isMark = text[index...].starts(with: mark)
      if isMark, follows { return true }
      follows = !isMark
      index += isMark ? mark.count : 1
    }
    return false
  }
}
