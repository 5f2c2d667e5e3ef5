import Diagnosis
import Foundation
import Models
import ReferenceForward
import TestSupport
import Testing

@Suite("Diagnosing unusual vectors") struct DiagnoserTests {
  private let model: CLIPModel
  private let right: Tensor
  private static let texts = [
    "red apple", "a guitar", "ice cube", "two cameras", "penguin", "banana", "a key", "crab",
  ]

  init() throws {
    model = try CLIPModel.open(Fixture.url("minis/mini-vit.pt").path())
    right = try ReferenceForward(model, product: .underTest).encodeTexts(Self.ids)
  }

  /// Start, one token that differs, end.
  private static let ids: [[Int32]] = (0..<8).map { index in
    [49406, Int32(320 + 7 * index), 49407] + [Int32](repeating: 0, count: 74)
  }

  private func diagnosis(_ vectors: Tensor, _ ids: [[Int32]] = Self.ids) throws -> Diagnosis {
    var diagnoser = Diagnoser(
      model: model, given: GivenVectors(vectors, storedType: "F32"), inputs: .ids(ids))
    diagnoser.reference = .underTest
    return try diagnoser.run()
  }

  @Test("Ids as inputs exclude the tokenizer: right vectors are right, and only layers and vectors are tried")
  func ids() throws {
    #expect(try diagnosis(right).verdict == .right)
    var noise = right
    for index in noise.values.indices { noise.values[index] += index % 3 == 0 ? 3 : -2 }
    let found = try diagnosis(noise)
    let stages = Set(found.explanations.flatMap { $0.causes.map(\.topic.stage) })
    #expect(stages.isSubset(of: [.layers, .vectors]))
  }

  @Test("Two rows are insufficient, even if they are right")
  func few() throws {
    let two = Tensor([2, right.width], Array(right.values.prefix(2 * right.width)))
    #expect(try diagnosis(two, Array(Self.ids.prefix(2))).verdict == .insufficient)
  }

  @Test("Another number of rows is an error, not a cause")
  func count() throws {
    let fewer = Tensor([7, right.width], Array(right.values.prefix(7 * right.width)))
    #expect(throws: DiagnosisError.self) { try diagnosis(fewer) }
  }

  @Test("A width that no known mistake gives names models that have it")
  func width() throws {
    let other = Tensor([8, 512], (0..<8 * 512).map { Float($0 % 97) - 48 })
    let found = try diagnosis(other)
    #expect(found.causes.map(\.id) == ["model-other-width"] && found.verdict == .unexplained)
    #expect(found.causes[0].words.contains("ViT-B/32"))
  }

  @Test("Vectors that were cut to their first values are named")
  func cut() throws {
    let first = Tensor([8, 48], (0..<8).flatMap { right.row($0).prefix(48) })
    #expect(try diagnosis(first).causes.map(\.id) == ["form-cut"])
  }

  @Test("Rows that are not finite, zero or all the same are named, and the others are compared")
  func broken() throws {
    var vectors = right
    vectors.values[3 * right.width] = .nan
    let nan = try diagnosis(vectors)
    #expect(nan.causes.map(\.id) == ["form-not-finite"] && nan.affectedRows == [3])
    #expect(nan.comparedCount == 7 && nan.rightCount == 7)
    let zeros = try diagnosis(Tensor(right.shape, right.values.map { _ in 0 }))
    #expect(zeros.causes.map(\.id) == ["form-zeros"])
    let same = Tensor(right.shape, (0..<8).flatMap { _ in right.row(2) })
    let constant = try diagnosis(same)
    #expect(constant.causes.map(\.id) == ["form-constant"] && constant.verdict == .explained)
    vectors.values.replaceSubrange(
      5 * right.width..<6 * right.width, with: [Float](repeating: 0, count: right.width))
    let both = try diagnosis(vectors)
    #expect(both.causes.map(\.id) == ["form-not-finite", "form-zeros"] && both.affectedRows == [3, 5])
  }

  @Test("A row that holds another input's vector is named, and rounded rows are right")
  func repeated() throws {
    var vectors = right
    // Unknown words have nearly the same vectors in the mini, so the row is the one that differs most.
    func distance(_ row: Int) -> Float {
      zip(right.row(row), right.row(6)).reduce(0) { $0 + abs($1.0 - $1.1) }
    }
    let other = (0..<8).max { distance($0) < distance($1) } ?? 0
    vectors.values.replaceSubrange(6 * right.width..<7 * right.width, with: right.row(other))
    let found = try diagnosis(vectors)
    #expect(found.causes.map(\.id) == ["rows-repeated"] && found.verdict == .explained)
    var rounded = right
    for index in rounded.values.indices { rounded.values[index] = Float(Float16(rounded.values[index])) }
    #expect(try diagnosis(rounded).verdict == .right)
  }

  @Test("Negated vectors and vectors in 8 bits are named")
  func stored() throws {
    let negated = try diagnosis(Tensor(right.shape, right.values.map { -$0 }))
    #expect(negated.causes.map(\.id) == ["form-negated"])
    let eightBits = (0..<8).flatMap { row in
      let values = right.row(row)
      let step = values.reduce(0) { max($0, abs($1)) } / 127
      return values.map { ($0 / step).rounded() * step }
    }
    #expect(try diagnosis(Tensor(right.shape, eightBits)).causes.map(\.id) == ["form-int8"])
  }

  @Test("A cause that would change rows which are right is not named")
  func spoiled() throws {
    var vectors = right
    for index in 2 * right.width..<3 * right.width { vectors.values[index] += index % 2 == 0 ? 0.02 : -0.02 }
    let found = try diagnosis(vectors)
    #expect(found.verdict == .unexplained && found.rightCount == 7, "\(found.causes.map(\.id))")
  }

  @Test("Unrelated vectors are not explained")
  func unrelated() throws {
    var random = SplitMix(seed: 7)
    let values = (0..<right.values.count).map { _ in Float(random.next(below: 1000)) / 1000 - 0.5 }
    let found = try diagnosis(Tensor(right.shape, values))
    #expect(found.verdict == .unexplained && found.causes.map(\.id) == ["model-other"])
  }
}
