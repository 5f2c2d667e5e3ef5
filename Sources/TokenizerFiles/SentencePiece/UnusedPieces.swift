/// Pieces that are not used in byte-pair encoding. sentencepiece merges them and divides them again, in a way that
/// depends on other places of the text. Real models have none that two pieces join to; one that has is refused.
enum UnusedPieces {
  /// - Throws: `unsupported` for an unused piece that is the union of two others or a character.
  static func check(_ pieces: [Piece]) throws(TokenizerFileError) {
    let unused = pieces.filter { $0.kind == .unused }
    guard !unused.isEmpty else { return }
    var texts: Set<[UInt8]> = []
    for piece in pieces where piece.kind == .normal || piece.kind == .unused { texts.insert(piece.text) }
    for piece in unused {
      let cuts = piece.text.indices.dropFirst().filter { piece.text[$0] & 0xC0 != 0x80 }
      let isJoined = cuts.contains {
        isSymbol(piece.text[..<$0], texts) && isSymbol(piece.text[$0...], texts)
      }
      guard !cuts.isEmpty, !isJoined else {
        throw TokenizerFileError(
          .unsupported, at: piece.offset, item: piece.name, expected: "unused pieces that never occur",
          found: "one that two pieces join to")
      }
    }
  }

  /// Whether a symbol of the merging can have this text: a piece or any character.
  private static func isSymbol(_ text: ArraySlice<UInt8>, _ texts: Set<[UInt8]>) -> Bool {
    text.filter { $0 & 0xC0 != 0x80 }.count == 1 || texts.contains(Array(text))
  }
}
