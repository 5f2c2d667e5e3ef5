public import Archives

/// A tokenizer's file: `spiece.model`, `tokenizer.model`, `sentencepiece.bpe.model` or `tokenizer.json`. The format is
/// detected from the content.
public struct TokenizerFile {
  /// What the file defines. The ids depend on it, even for equal pieces (docs/TOKENIZER.md).
  public enum Kind: Sendable, Equatable {
    /// A unigram model of sentencepiece.
    case unigramModel
    /// A byte-pair encoding of sentencepiece.
    case pairsModel
    /// A pipeline of tokenizers.
    case pipeline
  }

  private enum Content {
    case model(SentencePieceModel)
    case pipeline(TokenizerJSON)
  }

  private let content: Content
  private let path: String

  public init(path: String) throws(TokenizerFileError) {
    let file: MappedFile
    do throws(ReadError) {
      file = try MappedFile(path: path)
    } catch {
      throw TokenizerFileError(error).inFile(path)
    }
    try self.init(file)
  }

  public init(_ file: MappedFile) throws(TokenizerFileError) {
    path = file.path
    do throws(TokenizerFileError) {
      content = try Self.content(of: file)
    } catch {
      throw error.inFile(file.path)
    }
  }

  private static func content(of file: MappedFile) throws(TokenizerFileError) -> Content {
    guard file.byteCount <= Limits.standard.jsonBytes else {
      throw TokenizerFileError(
        .tooLarge, expected: "at most \(Limits.standard.jsonBytes) bytes", found: "\(file.byteCount)")
    }
    // A SentencePiece model begins with a piece: 0x0A.
    let first = file.bytes.withUnsafeBytes { $0.first { ![0x20, 0x09, 0x0D].contains($0) } }
    return first == UInt8(ascii: "{")
      ? .pipeline(try TokenizerJSON(file)) : .model(try SentencePieceModel(file))
  }

  public var kind: Kind {
    switch content {
    case .model(let model):
      switch model.kind {
      case .unigram: .unigramModel
      case .pairs: .pairsModel
      }
    case .pipeline: .pipeline
    }
  }

  /// The id of a token, nil if the file has none of this text.
  public func id(of token: String) -> Int? {
    let text = Array(token.utf8)
    switch content {
    case .model(let model): return model.pieces.first { $0.text == text }?.id
    case .pipeline(let json):
      let added = json.parts["added_tokens"]?.arrayValue ?? []
      return json.pieces.first { $0.text == text }?.id
        ?? added.first { $0["content"]?.stringValue == token }?["id"]?.integerValue
    }
  }

  /// Whether a `tokenizer.json` recognises a token where it is typed in a text.
  public func listsToken(_ token: String) -> Bool {
    switch content {
    case .model: false
    case .pipeline(let json):
      (json.parts["added_tokens"]?.arrayValue ?? []).contains { $0["content"]?.stringValue == token }
    }
  }

  /// The table of the pieces and the text rules.
  ///
  /// - Parameter rules: what the model's own tokenizer does beside the pieces.
  public func table(_ rules: TextRules) throws(TokenizerFileError) -> [UInt8] {
    do throws(TokenizerFileError) {
      switch content {
      case .model(let model): return try SentencePieceTable.table(model, rules)
      case .pipeline(let json): return try JSONTable.table(json, rules)
      }
    } catch {
      throw error.inFile(path)
    }
  }
}
