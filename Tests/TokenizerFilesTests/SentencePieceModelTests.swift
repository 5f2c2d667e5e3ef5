import Archives
import TestSupport
import Testing
import Tokenizer
import TokenizerFiles

@Suite("SentencePiece models") struct SentencePieceModelTests {
  private func table(_ bytes: [UInt8], _ rules: TextRules = TextRules()) throws(TokenizerFileError) -> [UInt8]
  {
    try TokenizerFile(MappedFile(copying: bytes.span.bytes, path: "test.model")).table(rules)
  }

  private func error(_ message: ModelMessage, _ rules: TextRules = TextRules()) -> TokenizerFileError? {
    do throws(TokenizerFileError) {
      _ = try table(message.bytes, rules)
      return nil
    } catch {
      return error
    }
  }

  @Test("A small model has its ids") func small() throws {
    let table = try TableUnderTest(table(ModelMessage().bytes))
    #expect(table.ids("ab") == [0, 1, 2])
    #expect(table.ids("ba cc a") == [0, 2, 1, 0, 1])
  }

  @Test("A NUL character in a text is unknown and joins no piece") func nulCharacters() throws {
    var message = ModelMessage()
    message.pieces += ["ab", "abc", "\u{2581}a", "cab"].map { ModelMessage.Piece($0) }
    for kind: UInt8 in [1, 2] {
      message.kind = kind
      let table = try TableUnderTest(table(message.bytes))
      #expect(table.ids("b\0a") == [0, 2, 0, 1])
      #expect(table.ids("a\0\0b") == [5, 0, 2])
      #expect(table.ids("ba\0b\0") == [0, 2, 1, 0, 2, 0])
    }
  }

  @Test("A model whose parts contradict each other is refused by its code")
  func contradictions() {
    var message = ModelMessage()
    message.pieces.append(ModelMessage.Piece("a", -5))
    #expect(error(message)?.code == .contradiction)
    #expect(error(message)?.found == "ids 1 and 3")
    message = ModelMessage()
    message.pieces[0].kind = 1
    #expect(error(message)?.code == .contradiction)
    message = ModelMessage()
    message.pieces.append(ModelMessage.Piece("c", kind: 2))
    #expect(error(message)?.code == .contradiction)
    message = ModelMessage()
    message.byteFallback = true
    #expect(error(message)?.expected == "256 byte pieces")
  }

  @Test(
    "Scores that are no numbers are refused, with the piece", arguments: [Float.nan, .infinity, -.infinity])
  func scores(score: Float) {
    var message = ModelMessage()
    message.pieces[1].score = score
    #expect(error(message)?.code == .malformed)
    #expect(error(message)?.description.contains("piece \"a\"") == true)
  }

  @Test("Pieces that are empty, too long, or hold a NUL are refused")
  func texts() {
    for (text, code): (String, TokenizerFileError.Code) in [
      ("", .malformed), (String(repeating: "x", count: 513), .tooLarge), ("a\0b", .unsupported),
    ] {
      var message = ModelMessage()
      message.pieces.append(ModelMessage.Piece(text))
      #expect(error(message)?.code == code)
    }
    var message = ModelMessage()
    message.pieces[1].text = [0xFF]
    #expect(error(message)?.code == .malformed)
  }

  @Test("Ten million pieces are refused before they are read")
  func manyPieces() {
    // An empty piece has two bytes.
    let bytes = [UInt8](repeating: 0, count: 20_000_000).enumerated().map {
      $0.offset & 1 == 0 ? 0x0A : $0.element
    }
    #expect(throws: TokenizerFileError.self) { try table(bytes) }
  }

  @Test("A lying character map is refused")
  func maps() {
    let unit = { (value: UInt32) in withUnsafeBytes(of: value.littleEndian) { [UInt8]($0) } }
    // The root's children begin at unit 1 (0 XOR 1).
    var units = [UInt32](repeating: 0, count: 256)
    units[0] = 1 << 10
    let map = { (units: [UInt32], texts: [UInt8]) in
      unit(UInt32(4 * units.count)) + units.flatMap(unit) + texts
    }
    var message = ModelMessage()
    message.map = map(units, [0])
    #expect(error(message) == nil)
    // "a" leads back to the root's children.
    units[0x60] = 0x61 | (0x60 ^ 1) << 10
    message.map = map(units, [0])
    #expect(error(message)?.expected == "a trie without cycles")
    // "a" has a value outside the texts.
    units[0x60] = 0x61 | 1 << 8 | (0x60 ^ 0xF0) << 10
    units[0xF0] = 1 << 31 | 77
    message.map = map(units, [0])
    #expect(error(message)?.expected == "replacements below 1")
    message.map = map(units, [])
    #expect(error(message)?.code == .malformed)
    for size: UInt32 in [0, 3, 1 << 30, .max] {
      message.map = unit(size) + [UInt8](repeating: 0, count: 64)
      #expect(error(message)?.code == .malformed)
    }
  }

  @Test("Options that change ids in another way are refused by name")
  func options() {
    var message = ModelMessage()
    message.normalizer = [0x28, 0]  // escape_whitespaces
    #expect(error(message)?.code == .unsupported)
    message = ModelMessage()
    message.kind = 3
    #expect(error(message)?.found == "3")
    message = ModelMessage()
    message.kind = 2
    message.pieces.append(ModelMessage.Piece("ab", -3, kind: 5))
    #expect(error(message)?.code == .unsupported)
    message.pieces[3] = ModelMessage.Piece("<unused0>", -3, kind: 5)
    #expect(error(message) == nil)
  }

  @Test("Rules that name ids or tokens that the file does not have are refused")
  func rules() {
    var rules = TextRules()
    rules.endID = 3
    #expect(error(ModelMessage(), rules)?.code == .badRule)
    rules = TextRules()
    rules.typedTokens = ["</s>"]
    #expect(error(ModelMessage(), rules)?.code == .badRule)
    rules = TextRules()
    rules.length = 64
    #expect(error(ModelMessage(), rules)?.code == .badRule)
    rules = TextRules()
    rules.ids = .fairseq
    #expect(error(ModelMessage(), rules)?.code == .badRule)
  }

  @Test(
    "No truncation and no changed byte of a model crashes the reader", arguments: ["t5.model", "gemma.model"])
  func mutants(file: String) throws {
    let bytes = try Fixture.bytes("tokenizer/tables/" + file)
    var random = SplitMix(seed: 1)
    for count in stride(from: 0, to: bytes.count, by: 101) { _ = try? table(Array(bytes.prefix(count))) }
    for _ in 0..<300 {
      var mutant = bytes
      for _ in 0...random.next(below: 4) {
        mutant[random.next(below: mutant.count)] = UInt8(random.next(below: 256))
      }
      if let found = try? TableUnderTest(table(mutant)) { _ = found.ids("a small dog") }
    }
  }
}
