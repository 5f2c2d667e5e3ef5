public import Architecture

/// The tokenizer of a model.
public enum ModelTokenizer: Sendable, Equatable {
  case openAI
  /// The bytes of a table of pieces and text rules (docs/TOKENIZER.md).
  case table([UInt8])
  /// The model accepts ids only.
  case none

  public var kind: TokenizerKind {
    switch self {
    case .openAI: .openAI
    case .table: .table
    case .none: .none
    }
  }
}

/// The user's choice of a tokenizer.
public enum TokenizerChoice: Sendable, Equatable {
  case openAI
  case none
  /// A file of sentencepiece or tokenizers.
  case file(path: String)

  /// Nil for a file, whose content decides.
  var kind: TokenizerKind? {
    switch self {
    case .openAI: .openAI
    case .none: TokenizerKind.none
    case .file: nil
    }
  }
}
