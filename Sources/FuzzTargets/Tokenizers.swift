internal import Archives
internal import Tokenizer
internal import TokenizerFiles

/// Reads any bytes as a tokenizer file. A table that is made opens, and gives ids of its vocabulary.
@Sendable func fuzzTokenizerFile(_ bytes: RawSpan) {
  let file = MappedFile(copying: bytes, path: "fuzz")
  var rules = TextRules()
  (rules.letterCase, rules.collapsesWhitespace) = (.python, true)
  guard let table = try? TokenizerFile(file).table(rules) else { return }
  guard let tokenizer = try? TableTokenizer(table.span.bytes) else {
    preconditionFailure("a table does not open")
  }
  let text = Array("a \u{2581}b caf\u{65}\u{301} 123 \u{FB01} </s>--  \u{1F600}\u{200D}".utf8)
  checkIDs(tokenizer, table.span.bytes, text)
  let beginning = bytes.withUnsafeBytes { [UInt8]($0.prefix(300)) }
  checkIDs(tokenizer, table.span.bytes, beginning)
}

/// Changes bytes of a sound table: each three bytes are a position and a value. Any bytes are opened as a table, too.
@Sendable func fuzzTable(_ bytes: RawSpan) {
  let patch = bytes.withUnsafeBytes { [UInt8]($0) }
  run(patch)
  var table = tables[Int(patch.first ?? 0) % tables.count]
  for start in stride(from: 1, to: patch.count - 2, by: 3) {
    table[(Int(patch[start]) | Int(patch[start + 1]) << 8) % table.count] = patch[start + 2]
  }
  run(table)
}

private func run(_ table: [UInt8]) {
  guard let tokenizer = try? TableTokenizer(table.span.bytes) else { return }
  checkIDs(
    tokenizer, table.span.bytes, Array("a photo caf\u{65}\u{301} -------- \u{2581}\u{2581}x </s>".utf8))
}

/// Tokenizes any bytes with each algorithm.
@Sendable func fuzzTableText(_ bytes: RawSpan) {
  let text = bytes.withUnsafeBytes { [UInt8]($0) }
  for table in tables {
    guard let tokenizer = try? TableTokenizer(table.span.bytes) else {
      preconditionFailure("a table does not open")
    }
    checkIDs(tokenizer, table.span.bytes, text)
  }
}

/// Ids outside the vocabulary or a cut outside the text are defects.
private func checkIDs(_ tokenizer: TableTokenizer, _ table: RawSpan, _ text: [UInt8]) {
  var scratch = TableTokenizer.Scratch(tokenizer, contextLength: 64)
  var ids = [Int32](repeating: 0, count: 64)
  var span = ids.mutableSpan
  let result = tokenizer.tokenize(text.span, table: table, into: &span, scratch: &scratch)
  precondition(ids.allSatisfy { 0..<Int32(tokenizer.vocabularySize) ~= $0 })
  precondition((0...64).contains(result.count))
  precondition(result.cutOffset.map { 0...text.count ~= $0 } ?? true)
}

/// A table of each algorithm, with rules that use every stage.
private let tables: [[UInt8]] = {
  var canonical = TextRules()
  (canonical.cleans, canonical.letterCase, canonical.punctuation) = (true, .python, .underscoreToSpace)
  (canonical.collapsesWhitespace, canonical.endID, canonical.padID, canonical.length) = (true, 1, 1, 64)
  let pieces = [
    "<unk>", "</s>", "\u{2581}", "\u{2581}a", "a", "b", "ab", "\u{E9}", "--", "-", "\u{2581}\u{2581}",
  ]
  let scores = pieces.enumerated().map { "[\"\($1)\",-\($0).25]" }.joined(separator: ",")
  let ids = pieces.enumerated().map { "\"\($1)\":\($0)" }.joined(separator: ",")
  let unigram = """
    {"normalizer":{"type":"Sequence","normalizers":[{"type":"Lowercase"},{"type":"Strip","strip_left":false,
    "strip_right":true},{"type":"Replace","pattern":{"Regex":" {2,}"},"content":"\u{2581}"}]},
    "pre_tokenizer":{"type":"Metaspace","replacement":"\u{2581}","prepend_scheme":"always","split":true},
    "added_tokens":[{"id":1,"content":"</s>","lstrip":true,"rstrip":true,"normalized":false,"special":true}],
    "model":{"type":"Unigram","unk_id":0,"vocab":[\(scores)]}}
    """
  let pairs = """
    {"normalizer":{"type":"Replace","pattern":{"String":" "},"content":"\u{2581}"},
    "model":{"type":"BPE","unk_token":"<unk>","fuse_unk":true,"vocab":{\(ids)},
    "merges":[["a","b"],["-","-"],["\u{2581}","a"],["\u{2581}","\u{2581}"]]}}
    """
  return [(unigram, TextRules()), (unigram, canonical), (pairs, TextRules()), (pairs, canonical)].map {
    json, rules in
    let file = MappedFile(copying: Array(json.utf8).span.bytes, path: "fuzz")
    guard let table = try? TokenizerFile(file).table(rules) else { preconditionFailure("no table") }
    return table
  }
}()
