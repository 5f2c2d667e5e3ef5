import Architecture
import BundleFormat
import BundleWriter
import Foundation
import Quantization
import Synchronization
import TensorTypes
import TestSupport
import Tokenizer
import TokenizerFiles

/// Odd sizes on purpose: head sizes that are not multiples of 16, K that is not a multiple of 4, N that is not a
/// multiple of 16.
enum SmallModels {
  static let vision = CLIPArchitecture(
    image: .visionTransformer(
      imageSize: 15, patchSize: 5,
      stack: TransformerStack(
        width: 36, layers: 2, heads: 3, mlpWidth: 52, activation: .quickGELU, epsilon: 1e-5),
      projection: 20),
    text: TextTower(
      contextLength: 9, vocabularySize: 61,
      stack: TransformerStack(
        width: 24, layers: 1, heads: 2, mlpWidth: 40, activation: .gelu, epsilon: 1e-5),
      pooling: .highestID, projection: 20))

  static let resNet = CLIPArchitecture(
    image: .modifiedResNet(
      imageSize: 32, width: 6, blocks: .init(2, 1, 1, 1), heads: 4, projection: 20,
      epsilon: 1e-5),
    text: nil)

  /// The smallest architecture with every kind of tensor of an image tower: the basis of malformed fixtures.
  static let least = CLIPArchitecture(
    image: .visionTransformer(
      imageSize: 8, patchSize: 4,
      stack: TransformerStack(
        width: 16, layers: 1, heads: 1, mlpWidth: 16, activation: .quickGELU, epsilon: 1e-5),
      projection: 4),
    text: nil)

  static let leastResNet = CLIPArchitecture(
    image: .modifiedResNet(
      imageSize: 32, width: 2, blocks: .init(1, 1, 1, 1), heads: 4, projection: 4,
      epsilon: 1e-5),
    text: nil)

  /// A description of everything in `architecture` at one precision.
  static func description(
    _ architecture: CLIPArchitecture, _ precision: Precision, score: Score.Kind = .softmax
  ) -> BundleDescription {
    var description = BundleDescription()
    description.model = Array("small \"model\" 100 %".utf8)
    description.architecture = architecture
    description.score = score
    description.imagePrecision = precision
    description.textPrecision = precision
    description.provenance.file = Array("ü.pt".utf8)
    return description
  }

  static func request(
    _ architecture: CLIPArchitecture, _ precision: Precision, seed: UInt64 = 1, score: Score.Kind = .softmax
  ) -> BundleRequest<RandomSource> {
    request(architecture, precision, from: RandomSource(seed: seed), score: score)
  }

  static func request<Source: ParameterSource>(
    _ architecture: CLIPArchitecture, _ precision: Precision, from source: Source,
    score: Score.Kind = .softmax
  ) -> BundleRequest<Source> {
    BundleRequest(
      source: source, sourceArchitecture: architecture,
      description: description(architecture, precision, score: score))
  }

  /// A text tower with OpenAI's vocabulary and tokenizer.
  static func textWithTokenizer() -> BundleRequest<RandomSource> {
    var architecture = vision.keeping(image: false, text: true)
    architecture.text?.vocabularySize = BundleLayout.openAIVocabulary
    var request = request(architecture, .int8)
    request.description.tokenizer = .openAI
    request.description.tokenizerID = OpenAIVocabulary.id
    return request
  }

  /// A text tower of SigLIP with a table of the tokenizer.
  static func textWithTable() throws -> BundleRequest<RandomSource> {
    let file = try TokenizerFile(path: Fixture.url("tokenizer/tables/t5.model").path)
    let table = try file.table(PublishedRules.siglip.rules(for: file, padToken: nil, length: 9))
    let vocabulary = Int(try TableHeader(table.span.bytes).vocabulary)
    var architecture = vision.keeping(image: false, text: true)
    architecture.text = TextTower(
      contextLength: 9, vocabularySize: vocabulary,
      stack: TransformerStack(
        width: 8, layers: 1, heads: 1, mlpWidth: 16, activation: .geluTanh, epsilon: 1e-6),
      isCausal: false, pooling: .last, projection: 8, hasProjectionBias: true)
    var request = request(architecture, .fp16, score: .sigmoid)
    request.description.tokenizer = .table
    request.description.tokenizerID = Identity.tokenizer(table: table.span.bytes)
    request.description.tokenizerTableBytes = table.count
    request.tokenizerTable = table
    return request
  }
}

/// Weights drawn from a hash of name, index and seed, with relevant statistics: LayerNorm channels of very different
/// size, dead channels, positive variances.
struct RandomSource: ParameterSource {
  var seed: UInt64
  /// Flat indices of one tensor with values that are not drawn.
  var overrides: [Override] = []

  struct Override: Sendable {
    var name: ParameterName
    var index: Int
    var value: Float
  }

  func withValues<Result>(
    of parameter: Parameter, _ body: (Span<Float>) -> Result
  ) throws(Never) -> Result {
    let values = values(of: parameter)
    return body(values.span)
  }

  func values(of parameter: Parameter) -> [Float] {
    var state = seed
    for byte in parameter.name.utf8 { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
    var values = (0..<parameter.elementCount).map { index in
      value(uniform(state &+ UInt64(index)), index, parameter)
    }
    for override in overrides where override.name == parameter.name {
      values[override.index] = override.value
    }
    return values
  }

  private func value(_ uniform: Float, _ index: Int, _ parameter: Parameter) -> Float {
    switch parameter.role {
    case .batchNorm(.runningVariance, of: _): return 0.5 + abs(uniform)
    case .batchNorm(.gain, of: _): return 1 + uniform
    case .vector where parameter.name.description.contains("ln_"):
      // Every seventh channel is large, every eleventh dead.
      if index % 11 == 10 { return 0 }
      return index % 7 == 3 ? 50 * uniform : 1 + 0.2 * uniform
    case .linear where parameter.name.description.hasSuffix("c_proj.weight"):
      // An output whose weights are all zero.
      return index / parameter.shape[1] == 2 ? 0 : 0.1 * uniform
    case .logitScale: return 4.6
    case .logitBias: return -12.5
    default: return 0.1 * uniform
    }
  }

  /// In (−1, 1), from splitmix64.
  private func uniform(_ counter: UInt64) -> Float {
    var z = counter &* 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Float(Int64(bitPattern: z ^ (z >> 31)) >> 40) * 0x1p-23
  }
}

/// Throws for one parameter, like a checkpoint in which one of its values is NaN.
struct DamagedSource: ParameterSource {
  var damaged: ParameterName

  struct Refusal: Error, Equatable {
    var name: ParameterName
  }

  func withValues<Result>(
    of parameter: Parameter, _ body: (Span<Float>) -> Result
  ) throws(Refusal) -> Result {
    guard parameter.name != damaged else { throw Refusal(name: damaged) }
    return RandomSource(seed: 1).withValues(of: parameter, body)
  }
}

/// Counts how often each parameter is read.
final class CountingSource: ParameterSource {
  private let fetched = Mutex<[String: Int]>([:])

  var counts: [String: Int] { fetched.withLock { $0 } }

  func withValues<Result>(
    of parameter: Parameter, _ body: (Span<Float>) -> Result
  ) throws(Never) -> Result {
    fetched.withLock { $0[parameter.name.description, default: 0] += 1 }
    return RandomSource(seed: 1).withValues(of: parameter, body)
  }
}
