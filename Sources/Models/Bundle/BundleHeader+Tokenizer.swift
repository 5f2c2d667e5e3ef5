internal import Architecture
public import Archives
public import BundleFormat
internal import Tokenizer

extension BundleHeader {
  /// The tokenizer of the file that this header was read from, with a copy of its table.
  public func tokenizer(of file: MappedFile) -> ModelTokenizer {
    switch description.tokenizer {
    case .openAI: return .openAI
    case .none: return .none
    case .table:
      let count = description.tokenizerTableBytes ?? 0
      guard let start = tensor(ParameterName("tokenizer.table"))?.byteOffset, start + count <= file.byteCount
      else { return .none }
      return .table(file.bytes.extracting(start..<start + count).withUnsafeBytes { [UInt8]($0) })
    }
  }

  /// The text rules of the file's table in words; nil without one.
  public func textRules(of file: MappedFile) -> String? {
    guard case .table(let table) = tokenizer(of: file) else { return nil }
    return (try? TableHeader(table.span.bytes))?.summary
  }
}
