import CPocketCLIP
import Foundation
import TestSupport
import Testing

/// A bundle whose tokenizer is a table, `Fixtures/valid/bundle/siglip-text-fp16.pclip`: a context of nine ids, padded with 1.
@Suite("Tokens of a table in a bundle") struct TableTokenTests {
  private struct Goldens: Decodable {
    struct List: Decodable { var ids: [[Int32]] }

    /// Base 64.
    var texts: [String]
    var goldens: [String: List]
  }

  private func opened() throws -> OpenedBundle {
    try OpenedBundle(
      Configuration(bundle: "siglip-text-fp16"),
      bytes: Fixture.data("valid/bundle/siglip-text-fp16.pclip"))
  }

  @Test(
    "A text has the ids of transformers' SiglipTokenizer, cut to the context, in the one call and in batches")
  func ids() throws {
    let goldens = try Fixture.decoded("tokenizer/tables/goldens.json", as: Goldens.self)
    let lists = try #require(goldens.goldens["t5.model SiglipTokenizer"]).ids
    let bundle = try opened()
    #expect(bundle.info.has_tokenizer == 1 && bundle.info.pad_id == 1 && bundle.info.attends_pads == 1)
    for (text, expected) in zip(goldens.texts, lists) {
      let bytes = [UInt8](try #require(Data(base64Encoded: text)))
      var ids = [Int32](repeating: -1, count: bundle.context)
      var (count, truncated) = (Int32(-1), Int32(-1))
      try bytes.withUnsafeBytes { buffer in
        let text = pclip_text(
          bytes: buffer.baseAddress?.assumingMemoryBound(to: CChar.self), count: buffer.count)
        try call { pclip_tokenize(bundle.session, text, &ids, ids.count, &count, &truncated, $0) }
      }
      let isLong = expected[8...].contains { $0 != 1 }
      #expect(ids == (isLong ? Array(expected.prefix(8)) + [1] : Array(expected.prefix(9))))
      #expect(truncated == (isLong ? 1 : 0))
    }
  }

  @Test("Encoding a text equals encoding its ids with the pads")
  func encoding() throws {
    let bundle = try opened()
    let words = "a cat, on a mat"
    var ids = [Int32](repeating: -1, count: bundle.context)
    var (count, truncated) = (Int32(-1), Int32(-1))
    var out = [Float](repeating: .nan, count: 8)
    try words.withCString { bytes in
      var text = pclip_text(bytes: bytes, count: words.utf8.count)
      try call { pclip_tokenize(bundle.session, text, &ids, ids.count, &count, &truncated, $0) }
      try call { pclip_encode_text(bundle.session, &text, 1, 0, &out, 8, nil, nil, $0) }
    }
    #expect(try bundle.encode(ids: [ids]) == bundle.rows(out, 1))
  }

  @Test("A table whose fields changed on disk is damage, at the offset of the field")
  func damage() throws {
    let bytes = try Fixture.data("malformed/bundle/B-032.pclip")
    let refusal = #expect(throws: Refusal.self) {
      try OpenedBundle(Configuration(bundle: "B-032"), bytes: bytes)
    }
    #expect(refusal?.code == Int(PCLIP_E_FORMAT) && refusal?.message.contains("B-032") == true)
  }
}
