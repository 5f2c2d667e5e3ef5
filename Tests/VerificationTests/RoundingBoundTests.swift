import Architecture
import Models
import Testing
import Verification

@Suite("What rounding explains") struct RoundingBoundTests {
  /// A row whose second value is near the middle between two steps, found by search: its quotient rounds up to the middle, and
  /// the product that restores it rounds away from it. The row's largest value, then that one.
  @Test(
    "The roundings of FP32 itself are no difference of an int8 value",
    arguments: [
      (Float(bitPattern: 0x3F04_46AD), Float(bitPattern: 0x3F00_A174)),
      (Float(bitPattern: 0x3F05_1EF7), Float(bitPattern: 0x3F01_73C8)),
      (Float(bitPattern: 0x3F05_CB18), Float(bitPattern: 0x3EFF_FF8F)),
    ])
  func roundings(_ largest: Float, _ value: Float) throws {
    let parameter = try #require(
      ParameterSchema(.text(vocabulary: 1, width: 2)).parameters.first { $0.role == .tokenTable })
    let step = largest / 127
    let source = [largest, value]
    let restored = source.map { ($0 / step).rounded(.toNearestOrEven) * step }
    let bound = RoundingBound.steps(RoundingSteps(values: [step], width: 2), count: 0.5)
    #expect(abs(Double(restored[1]) - Double(value)) > 0.500_01 * Double(step))
    #expect(bound.violation(restored.span, source.span, parameter) == nil)
    let other = [restored[0], restored[1] + step / 1000]
    let away = [restored[0], restored[1] - step / 1000]
    let isOneFound = [other, away].contains { bound.violation($0.span, source.span, parameter) == 1 }
    #expect(isOneFound)
  }
}

extension CLIPArchitecture {
  fileprivate static func text(vocabulary: Int, width: Int) -> CLIPArchitecture {
    CLIPArchitecture(
      image: nil,
      text: TextTower(
        contextLength: 2, vocabularySize: vocabulary,
        stack: TransformerStack(
          width: width, layers: 1, heads: 1, mlpWidth: 2, activation: .gelu, epsilon: 1e-5),
        pooling: .highestID, projection: nil))
  }
}
