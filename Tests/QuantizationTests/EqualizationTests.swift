import Architecture
import BundleFormat
import Quantization
import Testing

/// The parameters of a text tower of one block.
private func parameters(width: Int, mlpWidth: Int) -> [Parameter] {
  let stack = TransformerStack(
    width: width, layers: 1, heads: 1, mlpWidth: mlpWidth, activation: .gelu, epsilon: 1e-5)
  let tower = TextTower(
    contextLength: 4, vocabularySize: 8, stack: stack, pooling: .highestID, projection: nil)
  return ParameterSchema(CLIPArchitecture(image: nil, text: tower)).parameters
}

/// A LayerNorm and its linear layer: ln_2 and c_fc of the only block.
private struct Pair: ParameterSource {
  var gain, bias, weights: [Float]

  func withValues<Result>(of parameter: Parameter, _ body: (Span<Float>) -> Result) throws(Never) -> Result {
    switch parameter.name {
    case ParameterName("transformer.resblocks.0.ln_2.weight"): body(gain.span)
    case ParameterName("transformer.resblocks.0.ln_2.bias"): body(bias.span)
    default: body(weights.span)
    }
  }

  /// Weights are `[outputs, inputs]`.
  func exponents(outputs: Int, inputs: Int) -> [Int32] {
    let parameters = parameters(width: inputs, mlpWidth: outputs)
    let name = ParameterName("transformer.resblocks.0.mlp.c_fc.weight")
    let pair = EqualizedPair.all(in: parameters).first { parameters[$0.consumer].name == name }
    return pair?.exponents(in: parameters, of: self) ?? []
  }
}

@Suite("Equalization") struct EqualizationTests {
  @Test("Equal channels are not equalized")
  func alikeChannelsAreLeftAlone() {
    let pair = Pair(gain: [1, 1, 1], bias: [0, 0, 0], weights: [0.5, -0.5, 0.5, 0.25, 0.5, -0.5])
    #expect(pair.exponents(outputs: 2, inputs: 3) == [0, 0, 0])
  }

  /// log₂ s of channel 0: (log₂ 64 − log₂ 0.25) / 2 = 4; of the others (0 − 0) / 2 = 0; mean 4 / 3.
  @Test("A large channel moves its magnitude to the weights")
  func aLoudChannelGivesItsMagnitudeToTheWeights() {
    let pair = Pair(gain: [64, 1, 1], bias: [0, 0, 0], weights: [0.25, 1, -1])
    #expect(pair.exponents(outputs: 1, inputs: 3) == [3, -1, -1])
  }

  /// Means of ±0.5: log₂ s = 1, 0 and 3, 0 (halves round to the even number).
  @Test("Exponents at a half round to even")
  func halvesRoundToEven() {
    #expect(Pair(gain: [4, 1], bias: [0, 0], weights: [1, 1]).exponents(outputs: 1, inputs: 2) == [0, 0])
    #expect(
      Pair(gain: [64, 1], bias: [0, 0], weights: [1, 1]).exponents(outputs: 1, inputs: 2) == [2, -2])
  }

  @Test("The bias counts towards a channel's norm")
  func theBiasCountsTowardsAChannelsNorm() {
    let pair = Pair(gain: [0, 1], bias: [256, 0], weights: [1, 1])
    #expect(pair.exponents(outputs: 1, inputs: 2) == [2, -2])
  }

  @Test("Channels that are zero on either side are ignored")
  func channelsThatAreZeroOnEitherSideAreLeftOut() {
    let pair = Pair(gain: [0, 16, 1, 1], bias: [0, 0, 0, 0], weights: [1, 1, 0, 1])
    #expect(pair.exponents(outputs: 1, inputs: 4) == [0, 1, 0, -1])
    let dead = Pair(gain: [0, 0], bias: [0, 0], weights: [1, 1])
    #expect(dead.exponents(outputs: 1, inputs: 2) == [0, 0])
  }

  @Test("Exponents are within the limit")
  func exponentsAreLimited() {
    let pair = Pair(gain: [0x1p126, 0x1p-126], bias: [0, 0], weights: [0x1p-120, 0x1p120])
    #expect(pair.exponents(outputs: 1, inputs: 2) == [64, -64])
  }

  @Test("Every pair that can be equalized is listed")
  func everyPairOfTheDesignIsThere() {
    let stack = TransformerStack(
      width: 8, layers: 1, heads: 1, mlpWidth: 32, activation: .gelu, epsilon: 1e-5)
    let architecture = CLIPArchitecture(
      image: .modifiedResNet(
        imageSize: 32, width: 2, blocks: .init(1, 1, 1, 1), heads: 1, projection: 4, epsilon: 1e-5),
      text: TextTower(
        contextLength: 4, vocabularySize: 8, stack: stack, pooling: .highestID, projection: 4))
    let parameters = ParameterSchema(architecture).parameters
    let pairs = EqualizedPair.all(in: parameters).map {
      [parameters[$0.producer.weight], parameters[$0.producer.bias], parameters[$0.consumer]].map(
        \.name.description)
        + ["\($0.producer.firstRow)"]
    }
    let block = "transformer.resblocks.0"
    #expect(
      pairs == [
        [
          "visual.attnpool.v_proj.weight", "visual.attnpool.v_proj.bias", "visual.attnpool.c_proj.weight",
          "0",
        ],
        ["\(block).ln_1.weight", "\(block).ln_1.bias", "\(block).attn.in_proj_weight", "0"],
        [
          "\(block).attn.in_proj_weight", "\(block).attn.in_proj_bias", "\(block).attn.out_proj.weight", "16",
        ],
        ["\(block).ln_2.weight", "\(block).ln_2.bias", "\(block).mlp.c_fc.weight", "0"],
        ["ln_final.weight", "ln_final.bias", "text_projection", "0"],
      ])
  }

  @Test("The weights gain what the activations lose")
  func whatTheWeightsGainTheActivationsLose() throws {
    let pairs = EqualizedPair.all(in: parameters(width: 2, mlpWidth: 8))
    let values = try #require(pairs.first { $0.producer.firstRow == 4 })
    var equalization = Equalization()
    equalization.add(values, [3, -2])
    #expect(equalization.columnFactors(of: values.consumer) == [8, 0.25])
    #expect(equalization.rowFactors(of: values.producer.weight, rowCount: 6) == [1, 1, 1, 1, 0.125, 4])
    #expect(equalization.rowFactors(of: values.producer.bias, rowCount: 6) == [1, 1, 1, 1, 0.125, 4])
    #expect(equalization.rowFactors(of: values.consumer, rowCount: 6) == nil)
    #expect(equalization.columnFactors(of: values.producer.weight) == nil)
  }
  @Test("Negated exponents undo equalization")
  func otherSign() throws {
    let pair = try #require(EqualizedPair.all(in: parameters(width: 2, mlpWidth: 8)).first)
    var (applied, undone) = (Equalization(), Equalization())
    applied.add(pair, [64, -64])
    undone.add(pair, [-64, 64])
    for (factors, inverse) in [
      (applied.columnFactors(of: pair.consumer), undone.columnFactors(of: pair.consumer)),
      (
        applied.rowFactors(of: pair.producer.weight, rowCount: 2),
        undone.rowFactors(of: pair.producer.weight, rowCount: 2)
      ),
    ] {
      #expect(zip(try #require(factors), try #require(inverse)).map { $0 * $1 } == [1, 1])
    }
  }
}
