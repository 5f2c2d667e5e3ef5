public import Architecture
internal import BundleFormat

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

extension ModelTokenizer {
  /// The first digits of a table's `tokenizer.id`; `-` for the others, which have one id each.
  package var shortID: String {
    guard case .table(let table) = self else { return "-" }
    return String(decoding: Identity.tokenizer(table: table.span.bytes).hex.prefix(12), as: UTF8.self)
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
