public import Archives

/// Makes the table of a tokenizer from its file. The format is detected from the content.
public enum TokenizerFile {
  /// The table of a `spiece.model`, `tokenizer.model`, `sentencepiece.bpe.model` or `tokenizer.json`.
  ///
  /// - Parameter rules: what the model's own tokenizer does beside the pieces.
  public static func table(path: String, rules: TextRules) throws(TokenizerFileError) -> [UInt8] {
    let file: MappedFile
    do throws(ReadError) {
      file = try MappedFile(path: path)
    } catch {
      throw TokenizerFileError(error).inFile(path)
    }
    return try table(file, rules: rules)
  }

  /// The same for a mapped file.
  public static func table(_ file: MappedFile, rules: TextRules) throws(TokenizerFileError) -> [UInt8] {
    do throws(TokenizerFileError) {
      guard file.byteCount <= Limits.standard.jsonBytes else {
        throw TokenizerFileError(
          .tooLarge, expected: "at most \(Limits.standard.jsonBytes) bytes", found: "\(file.byteCount)")
      }
      // A SentencePiece model begins with a piece: 0x0A.
      let first = file.bytes.withUnsafeBytes { $0.first { ![0x20, 0x09, 0x0D].contains($0) } }
      if first == UInt8(ascii: "{") { return try JSONTable.table(TokenizerJSON(file), rules) }
      return try SentencePieceTable.table(SentencePieceModel(file), rules)
    } catch {
      throw error.inFile(file.path)
    }
  }
}
