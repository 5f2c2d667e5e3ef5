internal import Architecture
internal import Checkpoints
internal import Tokenizer
internal import TokenizerFiles

/// Finds the tokenizer of a text tower whose vocabulary is not OpenAI's: a file of pieces, and text rules, as one table.
struct TableSearch {
  private let evidence: Evidence
  private let choice: TokenizerChoice?
  private let option: PublishedRules?
  private let prefersOpenCLIP: Bool

  init(_ evidence: Evidence, _ options: ModelOptions, _ library: NamingConvention.Library) {
    self.evidence = evidence
    choice = options.tokenizer
    option = options.textRules
    prefersOpenCLIP = library == .openAI
  }

  enum Outcome {
    case found(Stated<[UInt8]>, rules: Stated<PublishedRules>)
    /// The reason, if there is a tokenizer that PocketCLIP does not have.
    case none(String?)
  }

  /// Whether a table is searched: not if the tokenizer is OpenAI's, or an option says none.
  func isWanted(instead stated: Stated<TokenizerKind>?) -> Bool {
    if isGiven { return true }
    return stated?.value != .openAI && stated?.source != .option
  }

  /// - Throws: `badTokenizer` or `unsupportedTokenizer` for a file that the user gives or that is damaged, and
  ///   `undecidedTextRules`.
  func outcome(_ tower: TextTower) throws(ModelError) -> Outcome {
    let finding = try StatedTextRules.find(
      evidence, option: option, prefersOpenCLIP: prefersOpenCLIP, contextLength: tower.contextLength)
    switch finding {
    case .unsupported(let reason)? where !isGiven: return .none(reason)
    case .unsupported(let reason)?, .open(let reason)?: throw undecided(reason)
    case .stated(let stated)?:
      guard let path = path(for: stated.rules.value) else {
        guard option == nil else { throw missingFile() }
        return .none(
          "\(stated.rules.detail), and no \(stated.rules.value.fileNames.joined(separator: " or ")) beside it"
        )
      }
      return try found(path, stated, tower)
    case nil:
      guard let path = path(for: nil), isGiven || tower.attendsPads else { return .none(nil) }
      throw undecided("\(fileName(path)) without a configuration that names its tokenizer")
    }
  }

  private var isGiven: Bool {
    if case .file? = choice { return true }
    return false
  }

  /// The file to read: the user's, else one of the folder that these rules can use.
  private func path(for rules: PublishedRules?) -> String? {
    if case .file(let path)? = choice { return path }
    let names = rules.map(\.fileNames) ?? PublishedRules.allCases.flatMap(\.fileNames)
    let files = names.compactMap { name in evidence.tokenizerFiles.first { $0.name == name } }
    return files.first?.path
  }

  private func found(
    _ path: String, _ stated: StatedTextRules, _ tower: TextTower
  ) throws(ModelError) -> Outcome {
    let rules = stated.rules.value
    let table: [UInt8]
    do throws(TokenizerFileError) {
      let file = try TokenizerFile(path: path)
      table = try file.table(
        rules.rules(for: file, padToken: stated.padToken, length: tower.contextLength))
    } catch {
      guard isGiven || option != nil || error.code != .unsupported else {
        return .none("\(fileName(path)): \(error.reason)")
      }
      throw ModelError(error)
    }
    try check(table, path, stated, tower)
    let source: Decision.Source = isGiven ? .option : .configuration
    return .found(Stated(table, source, "\(fileName(path)), \(stated.rules.detail)"), rules: stated.rules)
  }

  /// The table against what the tower and the configuration state.
  private func check(
    _ table: [UInt8], _ path: String, _ stated: StatedTextRules, _ tower: TextTower
  ) throws(ModelError) {
    guard let header = try? TableHeader(table.span.bytes) else {
      throw ModelError(.badTokenizer, found: "a table that does not open", file: path)
    }
    guard Int(header.vocabulary) <= tower.vocabularySize else {
      throw ModelError(
        .badTokenizer, expected: "at most \(tower.vocabularySize) ids, the rows of the token table",
        found: "\(header.vocabulary)", file: path)
    }
    guard header.length > 0 || !tower.attendsPads else {
      throw undecided("no pad token is stated for \(fileName(path)), and this tower attends to the pads")
    }
    if case .firstID(let id) = tower.pooling, Int(header.endID) != id {
      throw ModelError(
        .badTokenizer, expected: "texts that end with id \(id), which this tower pools",
        found: header.endID == TableHeader.noID ? "no end of text" : "\(header.endID)", file: path)
    }
    for (name, isAdded, id) in [
      ("add_bos_token", stated.addsBegin, header.beginID), ("add_eos_token", stated.addsEnd, header.endID),
    ] {
      guard let isAdded, isAdded != (id != TableHeader.noID) else { continue }
      throw ModelError(
        .badTokenizer, expected: "\(name) \(isAdded), as tokenizer_config.json states", found: "\(!isAdded)",
        file: path)
    }
  }

  private func undecided(_ reason: String) -> ModelError { ModelError(.undecidedTextRules, found: reason) }

  private func missingFile() -> ModelError {
    var error = ModelError(
      .unsupportedOption, expected: "a tokenizer file beside the weights", found: "--text-rules without one")
    error.remedy = "give the file too: --tokenizer FILE"
    return error
  }

  private func fileName(_ path: String) -> String { SourceFile(path: path, byteCount: 0).name }
}

extension ModelError {
  init(_ error: TokenizerFileError) {
    self.init(
      error.code == .unsupported ? .unsupportedTokenizer : .badTokenizer, expected: error.expected,
      found: error.found.map { "\(error.item.map { $0 + ": " } ?? "")\($0)" } ?? error.item, file: error.file)
    remedy = "\(error.hint); --tokenizer none makes a model that takes token ids"
  }
}
