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
    case found(Stated<[UInt8]>, rules: Stated<PublishedRules>, note: String?)
    /// The reason, if there is a tokenizer that PocketCLIP does not have.
    case none(String?)
  }

  /// Whether a table is searched: not if the tokenizer is OpenAI's, or an option says none. An option for the text rules asks
  /// for one, so that it is never without effect.
  func isWanted(instead stated: Stated<TokenizerKind>?) -> Bool {
    if isGiven || option != nil { return true }
    return stated?.value != .openAI && stated?.source != .option
  }

  /// - Throws: `badTokenizer` or `unsupportedTokenizer` for a file that the user gives or that is damaged, and
  ///   `undecidedTextRules`.
  func outcome(_ tower: TextTower) throws(ModelError) -> Outcome {
    let finding = try StatedTextRules.find(
      evidence, option: option, prefersOpenCLIP: prefersOpenCLIP, contextLength: tower.contextLength)
    switch finding {
    case .unsupported(let reason)?:
      guard isGiven || option != nil else { return .none(reason) }
      throw ModelError(.unsupportedTokenizer, found: reason)
    case .open(let reason)?: throw undecided(reason)
    case .stated(let stated)?:
      guard let path = path(for: stated.rules.value) else {
        if let option { throw missingFile(option) }
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
    let file: TokenizerFile
    let table: [UInt8]
    do throws(TokenizerFileError) {
      file = try TokenizerFile(path: path)
      table = try file.table(
        rules.rules(for: file, padToken: stated.padToken, length: tower.contextLength))
    } catch {
      guard isGiven || option != nil || error.code != .unsupported else {
        return .none("\(fileName(path)): \(error.reason)")
      }
      throw ModelError(error)
    }
    let check = TableCheck(table: table, file: file, path: path)
    try check.require(fits: tower)
    try check.require(follows: stated)
    guard check.pads || !tower.attendsPads else {
      throw undecided(
        "no pad token is stated for \(fileName(path)), and this tower attends to the pads", Self.missingPad)
    }
    let source: Decision.Source = isGiven ? .option : .configuration
    return .found(
      Stated(table, source, "\(fileName(path)), \(stated.rules.detail)"), rules: stated.rules,
      note: check.note(on: tower))
  }

  private static let missingPad =
    "put the model's tokenizer_config.json, which states the pad token, beside the weights, or give --tokenizer none"

  private func undecided(_ reason: String, _ remedy: String? = nil) -> ModelError {
    var error = ModelError(.undecidedTextRules, found: reason)
    error.remedy = remedy
    return error
  }

  private func missingFile(_ rules: PublishedRules) -> ModelError {
    let names = rules.fileNames.joined(separator: " or ")
    var error = ModelError(
      .unsupportedOption, expected: "\(names) beside the weights",
      found: "--text-rules \(rules.rawValue) without one")
    error.remedy = "give it with --tokenizer FILE, or other --text-rules"
    return error
  }

  private func fileName(_ path: String) -> String { SourceFile(path: path, byteCount: 0).name }
}
