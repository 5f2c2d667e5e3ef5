import CPocketCLIP
import TestSupport
import Testing

@Suite("Tokens of the runtime") struct TokenizeTests {
  private func opened() throws -> OpenedBundle {
    try OpenedBundle(
      Configuration(bundle: "words-fp16"), bytes: Fixture.gunzipped("runtime/words-fp16.pclip.gz"))
  }

  /// A context of nine ids. TokenizerTests compares the ids with OpenAI's tokenizer.
  private func tokenize(_ words: String) throws -> (ids: [Int32], count: Int32, isTruncated: Bool) {
    let bundle = try opened()
    var ids = [Int32](repeating: -1, count: bundle.context)
    var (count, truncated) = (Int32(-1), Int32(-1))
    try words.withCString { bytes in
      let text = pclip_text(bytes: bytes, count: words.utf8.count)
      try call { pclip_tokenize(bundle.session, text, &ids, ids.count, &count, &truncated, $0) }
    }
    return (ids, count, truncated == 1)
  }

  @Test("A text becomes start, its ids, end and zeros")
  func startAndEnd() throws {
    let result = try tokenize("a photo of a cat")
    #expect(result.ids == [49406, 320, 1125, 539, 320, 2368, 49407, 0, 0])
    #expect(result.count == 7 && !result.isTruncated)
  }

  @Test("A text without words is start and end")
  func empty() throws {
    #expect(try tokenize("").ids == [49406, 49407, 0, 0, 0, 0, 0, 0, 0])
  }

  @Test("A text that is too long keeps its beginning, ends in end-of-text, and is reported as truncated")
  func truncated() throws {
    let result = try tokenize(String(repeating: "a ", count: 10_000))
    #expect(result.ids == [49406, 320, 320, 320, 320, 320, 320, 320, 49407])
    #expect(result.count == 9 && result.isTruncated)
  }

  @Test("Encoding a text equals encoding its ids, truncated or not")
  func encoding() throws {
    let bundle = try opened()
    let texts = ["a photo of a cat", String(repeating: "a ", count: 100)]
    let expected = try bundle.encode(ids: try texts.map { try tokenize($0).ids })
    var (out, truncated) = ([Float](repeating: .nan, count: 8), [Int32](repeating: -1, count: 2))
    let bytes = texts.map { Array($0.utf8CString) }
    try bytes[0].withUnsafeBufferPointer { first in
      try bytes[1].withUnsafeBufferPointer { second in
        let texts = [first, second].map { pclip_text(bytes: $0.baseAddress, count: $0.count - 1) }
        try call { pclip_encode_text(bundle.session, texts, 2, 0, &out, 8, &truncated, nil, $0) }
      }
    }
    #expect(bundle.rows(out, 2) == expected)
    #expect(truncated == [0, 1])
  }

  @Test("A text without bytes only fails itself")
  func missingBytes() throws {
    let bundle = try opened()
    var (out, statuses) = ([Float](repeating: .nan, count: 8), [Int32](repeating: -1, count: 2))
    let texts = [pclip_text(bytes: nil, count: 3), pclip_text(bytes: nil, count: 0)]
    try call { pclip_encode_text(bundle.session, texts, 2, 0, &out, 8, nil, &statuses, $0) }
    #expect(statuses == [Int32(PCLIP_E_ARGUMENT), 0])
    #expect(out.prefix(4).allSatisfy { $0 == 0 } && out.suffix(4).contains { $0 != 0 })
  }
}
