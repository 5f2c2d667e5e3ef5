internal import Archives
internal import Tokenizer
internal import TokenizerFiles

/// The token ids of the texts of a pack, one line each, with the tokenizer of a file:
///
///     ReaderListing tokenizer FILE PACK [rule=value]…
enum TokenListing {
  static func write(_ arguments: ArraySlice<String>) throws {
    guard let path = arguments.first, let pack = arguments.dropFirst().first else { throw UsageError.missing }
    let rules = try rules(arguments.dropFirst(2))
    let table = try TokenizerFile(path: path).table(rules)
    let tokenizer = try TableTokenizer(table.span.bytes)
    let context = rules.length ?? 20_000
    var scratch = TableTokenizer.Scratch(tokenizer, contextLength: context)
    var ids = [Int32](repeating: -1, count: context)
    for file in try Pack(path: pack).files {
      let text = file.bytes.withUnsafeBytes { [UInt8]($0) }
      var span = ids.mutableSpan
      let result = tokenizer.tokenize(text.span, table: table.span.bytes, into: &span, scratch: &scratch)
      let count = rules.length ?? result.count
      print(ids.prefix(count).map(String.init).joined(separator: " "))
    }
  }

  private enum UsageError: Error {
    case missing
    case unknownRule(String)
  }

  private static func rules(_ arguments: ArraySlice<String>) throws -> TextRules {
    var rules = TextRules()
    for argument in arguments {
      let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { throw UsageError.unknownRule(argument) }
      let (name, value) = (parts[0], parts[1])
      switch name {
      case "clean": rules.cleans = value == "1"
      case "case": rules.letterCase = LetterCase(rawValue: UInt8(value) ?? 0) ?? .kept
      case "punctuation": rules.punctuation = PunctuationRule(rawValue: UInt8(value) ?? 0) ?? .kept
      case "late": rules.deletesAfterLowerCasing = value == "1"
      case "collapse": rules.collapsesWhitespace = value == "1"
      case "prefix": rules.writesPrefix = value == "1"
      case "listed": rules.recognisesListedTokens = value == "1"
      case "template": rules.usesTemplate = value == "1"
      case "begin": rules.beginID = Int(value)
      case "end": rules.endID = Int(value)
      case "pad": rules.padID = Int(value)
      case "length": rules.length = Int(value)
      case "typed": rules.typedTokens = value.split(separator: ",").map(String.init)
      case "ids": rules.ids = value == "fairseq" ? .fairseq : .file
      default: throw UsageError.unknownRule(argument)
      }
    }
    return rules
  }
}
