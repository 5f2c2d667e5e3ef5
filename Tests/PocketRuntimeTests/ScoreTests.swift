import CPocketCLIP
import Foundation
import TestSupport
import Testing

/// How a model turns similarities into probabilities.
@Suite("Scores of the runtime") struct ScoreTests {
  /// FP32 vectors and one exponential of a logit compared with float64.
  private static let tolerance = 1e-6

  private func similarities(_ bundle: OpenedBundle) throws -> [Float] {
    let images = try bundle.encode(pixels: GeneratedInputs.pixels(count: 3 * bundle.pixelCount)).flatMap {
      $0
    }
    let ids = GeneratedInputs.texts(context: bundle.context, vocabulary: Int(bundle.info.vocabulary_size))
    let texts = try bundle.encode(ids: ids).flatMap { $0 }
    var scores = [Float](repeating: .nan, count: 3 * ids.count)
    try call {
      pclip_similarity(images, 3, texts, ids.count, Int(bundle.info.embedding_dim), &scores, $0)
    }
    return scores
  }

  @Test("A sigmoid gives open_clip's probabilities", arguments: machineISAs)
  func sigmoid(_ isa: String) throws {
    let bundle = try OpenedBundle(Configuration(bundle: "sigmoid-fp32", isa: isa))
    #expect(bundle.info.score_kind == PCLIP_SCORE_SIGMOID && bundle.info.logit_bias == -1.5)
    #expect(abs(bundle.info.logit_scale - 12) < 1e-5)
    var scores = try similarities(bundle)
    let golden = try GeneratedInputs.golden("sigmoid-probabilities", width: 1).map { $0[0] }
    try #require(scores.count == golden.count)
    try call { pclip_scores(bundle.model, &scores, 3, scores.count / 3, nil, $0) }
    for (score, truth) in zip(scores, golden) { #expect(abs(Double(score) - truth) <= Self.tolerance) }
  }

  @Test("A sigmoid reaches 0 and 1, and another scale replaces the model's")
  func extremes() throws {
    let bundle = try OpenedBundle(Configuration(bundle: "sigmoid-fp32"))
    var scores: [Float] = [-1, 0, 1, .nan]
    try call { pclip_scores(bundle.model, &scores, 2, 2, [1e30], $0) }
    #expect(scores[0] == 0 && abs(scores[1] - 0.182_425_5) < 1e-6 && scores[2] == 1 && scores[3].isNaN)
  }

  @Test("A softmax uses the model's scale")
  func softmax() throws {
    let bundle = try OpenedBundle(Configuration(bundle: "vit-fp32"))
    #expect(bundle.info.score_kind == PCLIP_SCORE_SOFTMAX && bundle.info.logit_bias == 0)
    let given = try similarities(bundle)
    let columns = given.count / 3
    var (found, expected) = (given, given)
    try call { pclip_scores(bundle.model, &found, 3, columns, nil, $0) }
    try call { pclip_softmax(&expected, 3, columns, bundle.info.logit_scale, $0) }
    #expect(found == expected)
    (found, expected) = (given, given)
    try call { pclip_scores(bundle.model, &found, 3, columns, [7], $0) }
    try call { pclip_softmax(&expected, 3, columns, 7, $0) }
    #expect(found == expected)
  }

  @Test("Without a scale the caller must pass one")
  func noScale() throws {
    let bundle = try OpenedBundle(Configuration(bundle: "hidden-fp32"))
    var scores: [Float] = [0, 0]
    let error = refusal { pclip_scores(bundle.model, &scores, 1, 2, nil, $0) }
    #expect(error?.code == PCLIP_E_ARGUMENT && error?.message.contains("no logit scale") == true)
    try call { pclip_scores(bundle.model, &scores, 1, 2, [100], $0) }
    #expect(scores == [0.5, 0.5])
  }

  @Test("A caller of an older header gets the fields that it knows, and no other byte is written")
  func olderInfo() throws {
    let bundle = try OpenedBundle(Configuration(bundle: "sigmoid-fp32"))
    let older = try #require(MemoryLayout<pclip_model_info>.offset(of: \.pad_id))
    var bytes = [UInt8](repeating: 0xAA, count: MemoryLayout<pclip_model_info>.size)
    try bytes.withUnsafeMutableBytes { memory in
      let info = try #require(memory.baseAddress).assumingMemoryBound(to: pclip_model_info.self)
      info.pointee.size = older
      try call { pclip_get_info(bundle.model, info, $0) }
      #expect(info.pointee.size == older && info.pointee.file_bytes == bundle.info.file_bytes)
    }
    #expect(bytes[older...].allSatisfy { $0 == 0xAA })
  }

  @Test("Pads are the tokenizer's, and no vector depends on them")
  func pads() throws {
    let bundle = try OpenedBundle(Configuration(bundle: "vit-fp32"))
    #expect(bundle.info.pad_id == -1 && bundle.info.attends_pads == 0)
    let last = bundle.info.vocabulary_size - 1
    let text = [last - 1, 3, last]
    let rest = bundle.context - text.count
    let zeros = text + [Int32](repeating: 0, count: rest)
    let others = text + (0..<rest).map { _ in last }
    #expect(try bundle.encode(ids: [zeros]) == bundle.encode(ids: [others]))
    let packed = try Fixture.gunzipped("runtime/words-fp16.pclip.gz")
    let words = try OpenedBundle(Configuration(bundle: "words-fp16"), bytes: packed)
    #expect(words.info.pad_id == 0 && words.info.attends_pads == 0)
  }
}
