internal import Archives

/// Why a tokenizer file cannot be used: like `ReadError`, one line and one hint.
public struct TokenizerFileError: Error, Sendable, Equatable {
  /// Raw values are stable and appear in `--json` output. They differ from those of the readers and models.
  public enum Code: UInt16, Sendable, Equatable, CaseIterable {
    /// The file is not a tokenizer of a known format.
    case notATokenizer = 1600
    /// The file does not follow its format.
    case malformed = 1601
    /// More pieces, longer pieces or longer keys than any published tokenizer has.
    case tooLarge = 1602
    /// Two entries contradict each other, such as a merge whose union is no piece.
    case contradiction = 1603
    /// A step or an option that PocketCLIP does not have.
    case unsupported = 1604
    /// A text rule of the caller names an id that the file does not have.
    case badRule = 1605
  }

  public var code: Code
  public var file: String?
  /// In the file; nil if the error has no single position.
  public var byteOffset: UInt64?
  /// The piece, merge or key.
  public var item: String?
  public var expected: String?
  public var found: String?

  init(
    _ code: Code, at byteOffset: Int? = nil, item: String? = nil, expected: String? = nil,
    found: String? = nil
  ) {
    self.code = code
    self.byteOffset = byteOffset.map { UInt64($0) }
    self.item = item
    self.expected = expected
    self.found = found
  }

  /// A reader's error, as one of this module.
  init(_ error: ReadError) {
    self.init(.malformed, expected: error.expected, found: error.found ?? error.code.summary)
    byteOffset = error.byteOffset
    if error.expected == nil, error.found != nil { item = error.code.summary }
    file = error.file
  }

  func inFile(_ path: String) -> TokenizerFileError {
    var error = self
    error.file = error.file ?? path
    return error
  }
}

extension TokenizerFileError: CustomStringConvertible {
  /// One line: `file: what (expected, found) at byte, in item`.
  public var description: String {
    ErrorLine(
      file: file, what: summary, expected: expected, found: found, byteOffset: byteOffset,
      places: item.map { [$0.printable(ErrorLine.nameLength)] } ?? []
    ).text
  }

  /// The same in a few words, without the file.
  public var reason: String {
    ErrorLine(
      file: nil, what: summary, expected: expected, found: found, byteOffset: nil,
      places: item.map { [$0] } ?? []
    )
    .text
  }

  private var summary: String {
    switch code {
    case .notATokenizer: "not a tokenizer file"
    case .malformed: "malformed tokenizer file"
    case .tooLarge: "larger than any published tokenizer"
    case .contradiction: "the tokenizer file contradicts itself"
    case .unsupported: "a tokenizer with a step that is not supported"
    case .badRule: "a text rule does not fit the tokenizer"
    }
  }

  /// What to do, one sentence.
  public var hint: String {
    switch code {
    case .notATokenizer: "give spiece.model, tokenizer.model, sentencepiece.bpe.model or tokenizer.json"
    case .malformed, .tooLarge: "download the file again from the model's page"
    case .contradiction: "download the file again, or give the SentencePiece model that it was made from"
    case .unsupported: "give another file of the same tokenizer"
    case .badRule: "give the file that these text rules read, or other text rules"
    }
  }
}
