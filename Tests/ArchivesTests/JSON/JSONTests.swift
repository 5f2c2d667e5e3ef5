import Archives
import Testing

@Suite("JSON")
struct JSONTests {
  private func parse(_ text: String, limits: Limits = .standard) throws(ReadError) -> JSONValue {
    let bytes = Array(text.utf8)
    return try JSONParser.parse(bytes.span.bytes, limits: limits)
  }

  @Test("integers and other numbers are distinguished")
  func numbers() throws {
    #expect(try parse("224") == .integer(224))
    #expect(try parse("0") == .integer(0))
    #expect(try parse("-0") == .number(-0.0))
    #expect(try parse("1e2") == .number(100))
    #expect(try parse("0.26862954") == .number(0.26862954))
    #expect(try parse("9223372036854775807") == .integer(.max))
    #expect(try parse("9223372036854775808") == .number(9_223_372_036_854_775_808))
    #expect(try parse("224.0").integerValue == 224)
    #expect(try parse("224.5").integerValue == nil)
  }

  @Test("escapes become the characters that they represent")
  func escapes() throws {
    #expect(try parse(#""\u0041\n\"\\\/\ud83d\ude00""#) == .string("A\n\"\\/😀"))
  }

  @Test("objects keep their order")
  func order() throws {
    let object = try #require(try parse(#"{"b": 1, "a": [true, null]}"#).objectValue)
    #expect(object.members.map(\.key) == ["b", "a"])
    #expect(object["a"] == .array([.bool(true), .null]))
  }

  @Test(
    "text that RFC 8259 forbids is an error at its offset",
    arguments: [
      ("", 0), ("01", 1), ("+1", 0), (".5", 0), ("1.", 2), ("1e", 2), ("-", 1), ("nul", 0), ("[1,]", 3),
      ("[1 2]", 3), ("{\"a\" 1}", 5), ("{a: 1}", 1), ("{\"a\": 1,}", 8), ("\"a", 2), ("\"\t\"", 1),
      (#""\x""#, 2), (#""\u12""#, 5), ("1 2", 2), ("// c\n1", 0), ("NaN", 0), ("Infinity", 0),
    ])
  func syntaxErrors(text: String, offset: UInt64) throws {
    let error = try #require(throws: ReadError.self) { _ = try parse(text) }
    #expect(error.code == .jsonSyntax)
    #expect(error.byteOffset == offset)
  }

  @Test("a number that overflows a double is an error")
  func infiniteNumber() throws {
    #expect(throws: ReadError.self) { _ = try parse("1e999") }
  }

  @Test("too many values are an error at the first excess value")
  func values() throws {
    var limits = Limits()
    limits.jsonValues = 3
    #expect(try parse("[1,2]", limits: limits) == .array([.integer(1), .integer(2)]))
    #expect(throws: ReadError(.limitExceeded, at: 5, expected: "at most 3 values")) {
      try parse("[1,2,3]", limits: limits)
    }
  }

  @Test("depth and size are bounded")
  func bounds() throws {
    var limits = Limits()
    limits.jsonDepth = 3
    limits.jsonBytes = 100
    #expect(try parse("[[1]]", limits: limits) == .array([.array([.integer(1)])]))
    #expect(throws: ReadError(.jsonTooDeep, at: 3, expected: "at most 3 levels")) {
      _ = try parse("[[[1]]]", limits: limits)
    }
    let long = String(repeating: " ", count: 101)
    let error = #expect(throws: ReadError.self) { _ = try parse(long, limits: limits) }
    #expect(error?.code == .limitExceeded)
  }
}
