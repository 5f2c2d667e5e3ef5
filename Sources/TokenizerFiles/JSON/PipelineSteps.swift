internal import Archives
internal import Tokenizer

/// The normalizer and the pre-tokenizer of a `tokenizer.json`: a closed list. Any other step could change the ids.
struct PipelineSteps {
  private(set) var lowerCases = false
  /// Base 64.
  private(set) var characterMap: String?
  private var stripsEnd = false
  /// What each run of spaces becomes.
  private var runs: String?
  private var marksSpaces = false
  private var metaspace: (prefix: TableHeader.Prefix, splits: Bool)?
  private var splitsAtSpaces = false

  init(_ parts: [String: JSONValue]) throws(TokenizerFileError) {
    let steps = try Self.flat(parts["normalizer"], "normalizers", "the normalizer")
    var last = -1
    for step in steps {
      let order = try readNormalizer(step)
      // In another order, the same steps would give other ids.
      guard order > last else { throw Self.unsupported("the normalizer", step) }
      last = order
    }
    for step in try Self.flat(parts["pre_tokenizer"], "pretokenizers", "the pre-tokenizer") {
      try readPreTokenizer(step)
    }
  }

  /// The steps of a sequence, of one step, or of none.
  private static func flat(
    _ value: JSONValue?, _ list: String, _ name: String
  ) throws(TokenizerFileError) -> [JSONValue] {
    guard let value, !value.isNull else { return [] }
    guard value["type"]?.stringValue == "Sequence" else { return [value] }
    guard let steps = value[list]?.arrayValue else { throw unsupported(name, value) }
    return steps
  }

  /// Reads a step and returns its place in the order that is supported.
  private mutating func readNormalizer(_ step: JSONValue) throws(TokenizerFileError) -> Int {
    switch step["type"]?.stringValue {
    case "Lowercase":
      lowerCases = true
      return 0
    case "Precompiled":
      characterMap = step["precompiled_charsmap"]?.stringValue
      guard characterMap != nil else { throw Self.unsupported("the normalizer", step) }
      return 1
    case "Strip" where step["strip_left"]?.boolValue == false && step["strip_right"]?.boolValue == true:
      stripsEnd = true
      return 2
    case "Replace":
      let content = step["content"]?.stringValue
      if step["pattern"]?["Regex"]?.stringValue == " {2,}", content == " " || content == Self.mark {
        runs = content
        return 3
      }
      guard step["pattern"]?["String"]?.stringValue == " ", content == Self.mark else {
        throw Self.unsupported("the normalizer", step)
      }
      marksSpaces = true
      return 4
    case _: throw Self.unsupported("the normalizer", step)
    }
  }

  private static let mark = "\u{2581}"

  private mutating func readPreTokenizer(_ step: JSONValue) throws(TokenizerFileError) {
    switch step["type"]?.stringValue {
    // Never fires: the normalizer leaves no space.
    case "Split" where marksSpaces && step["pattern"]?["String"]?.stringValue == " ": return
    case "WhitespaceSplit" where metaspace == nil && !marksSpaces: splitsAtSpaces = true
    case "Metaspace" where metaspace == nil && !marksSpaces:
      guard step["replacement"]?.stringValue == Self.mark, let prefix = Self.prefix(step) else {
        throw Self.unsupported("the pre-tokenizer", step)
      }
      metaspace = (prefix, step["split"]?.boolValue ?? true)
    case _: throw Self.unsupported("the pre-tokenizer", step)
    }
  }

  private static func prefix(_ step: JSONValue) -> TableHeader.Prefix? {
    let adds = step["add_prefix_space"]?.boolValue
    switch step["prepend_scheme"]?.stringValue {
    case nil: return adds == false ? TableHeader.Prefix.none : .eachPart
    case "always": return adds == false ? nil : .eachPart
    case "first": return adds == false ? nil : .firstPart
    case "never": return TableHeader.Prefix.none
    case _: return nil
    }
  }

  /// The fields of the table.
  ///
  /// - Parameter hasInnerMark: whether a piece has a `▁` after another character.
  func apply(to header: inout TableHeader, hasInnerMark: Bool) throws(TokenizerFileError) {
    header.mapping = .clusters
    if lowerCases { header.letterCase = .scalarwise }
    let whole: TableHeader.Words = hasInnerMark ? .whole : .continued
    guard let metaspace else {
      guard marksSpaces, !stripsEnd, runs == nil, !splitsAtSpaces else { throw Self.unknownSpaces }
      header.words = whole
      return
    }
    header.prefix = metaspace.prefix
    guard !splitsAtSpaces else {
      // Runs of spaces divide words like one space, unless a mark at the end would remain.
      guard metaspace.splits, metaspace.prefix == .eachPart, runs != Self.mark || stripsEnd else {
        throw Self.unknownSpaces
      }
      header.words = .separateAtSpaces
      return
    }
    guard !stripsEnd || runs != nil else { throw Self.unknownSpaces }
    header.spaces = stripsEnd ? .runsBeforeEnd : runs == nil ? .each : .runs
    header.words = metaspace.splits ? .separate : whole
  }

  private static let unknownSpaces = TokenizerFileError(
    .unsupported, expected: "Metaspace, or spaces that are replaced by \u{2581}",
    found: "other steps for spaces")

  private static func unsupported(_ name: String, _ step: JSONValue) -> TokenizerFileError {
    TokenizerFileError(.unsupported, item: name, found: step["type"]?.stringValue ?? "no type")
  }
}
