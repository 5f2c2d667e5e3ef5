import Architecture
import BundleFormat

/// A matrix y = W·x (+ bias) as stored in the bundle: pointers into the file, without repacking.
struct LinearWeights {
  var panels: WeightPanels
  var shape: MatrixShape
  /// Multiplies each output: the int8 scale, the BatchNorm's scale, or their product; nil for 1.
  var scale: UnsafePointer<Float>?
  /// Added to each output after the scale.
  var bias: UnsafePointer<Float>?
}

extension LinearWeights {
  /// The same weights, of which int8 ones multiply activations of two bytes.
  var withWideInputs: LinearWeights {
    guard case .s8(let values, let sums, _) = panels else { return self }
    var weights = self
    weights.panels = .s8(values, sums: sums, inputs: .twoBytes)
    return weights
  }
}

enum WeightPanels {
  /// `[N/16, K, 16]`
  case f32(UnsafePointer<Float>)
  /// `[N/16, K, 16]`, IEEE binary16
  case f16(UnsafePointer<UInt16>)
  /// `[N/16, K/4, 16, 4]`, Σq per output, and the width of the integers that it multiplies
  case s8(UnsafePointer<Int8>, sums: UnsafePointer<Int32>, inputs: ActivationWidth)
}

struct LayerNormWeights {
  var gain: UnsafePointer<Float>
  var bias: UnsafePointer<Float>
}

/// A row-major table in FP32, rows `stride` elements apart.
struct PositionTable {
  var values: UnsafePointer<Float>
  var stride: Int

  func row(_ index: Int) -> UnsafePointer<Float> { values + index * stride }
}

/// `ResidualAttentionBlock` of OpenAI's `clip/model.py`.
struct BlockWeights {
  var ln1: LayerNormWeights
  var inProjection: LinearWeights
  var outProjection: LinearWeights
  var ln2: LayerNormWeights
  var expansion: LinearWeights
  var contraction: LinearWeights
}

final class PatchTrunkWeights {
  let tower: ImageTower
  let trunk: PatchTrunk
  /// Nil if the patches are the only tokens.
  let classEmbedding: UnsafePointer<Float>?
  let positions: PositionTable
  let patchEmbedding: LinearWeights
  let lnPre: LayerNormWeights?
  let blocks: [BlockWeights]
  let lnPost: LayerNormWeights
  let end: PatchTrunkEnd

  init(
    tower: ImageTower,
    trunk: PatchTrunk,
    classEmbedding: UnsafePointer<Float>?,
    positions: PositionTable,
    patchEmbedding: LinearWeights,
    lnPre: LayerNormWeights?,
    blocks: [BlockWeights],
    lnPost: LayerNormWeights,
    end: PatchTrunkEnd
  ) {
    self.tower = tower
    self.trunk = trunk
    self.classEmbedding = classEmbedding
    self.positions = positions
    self.patchEmbedding = patchEmbedding
    self.lnPre = lnPre
    self.blocks = blocks
    self.lnPost = lnPost
    self.end = end
  }
}

/// What follows the last block's LayerNorm.
enum PatchTrunkEnd {
  /// The first token is projected, if there is a projection.
  case firstToken(projection: LinearWeights?)
  case probe(ProbePoolWeights)
}

final class TextWeights {
  let tokens: TokenTable
  let positions: PositionTable
  let blocks: [BlockWeights]
  let lnFinal: LayerNormWeights
  let projection: LinearWeights?

  init(
    tokens: TokenTable,
    positions: PositionTable,
    blocks: [BlockWeights],
    lnFinal: LayerNormWeights,
    projection: LinearWeights?
  ) {
    self.tokens = tokens
    self.positions = positions
    self.blocks = blocks
    self.lnFinal = lnFinal
    self.projection = projection
  }
}

/// `[vocabulary, width]`, rows `stride` elements apart.
struct TokenTable {
  var values: Values
  var stride: Int

  enum Values {
    case f32(UnsafePointer<Float>)
    case f16(UnsafePointer<UInt16>)
    case s8(UnsafePointer<Int8>, scale: UnsafePointer<Float>)
  }
}

/// A bottleneck of the modified ResNet; every convolution carries its BatchNorm as scale and bias.
struct BottleneckWeights {
  /// The stage, 1 to 4, and the position in the stage, from 0.
  var stage, index: Int
  var conv1: LinearWeights
  var conv2: LinearWeights
  var conv3: LinearWeights
  /// The 1 × 1 convolution of the shortcut; nil if the input itself is added.
  var shortcut: LinearWeights?
  /// 2 if average pools halve the image, otherwise 1.
  var stride: Int { index == 0 && stage > 1 ? 2 : 1 }
}

final class ResNetTrunkWeights {
  let tower: ImageTower
  let trunk: ResNetTrunk
  let stem1: LinearWeights
  let stem2: LinearWeights
  let stem3: LinearWeights
  /// All bottlenecks of the four stages in order.
  let bottlenecks: [BottleneckWeights]
  let pool: AttentionPoolWeights

  init(
    tower: ImageTower,
    trunk: ResNetTrunk,
    stem1: LinearWeights,
    stem2: LinearWeights,
    stem3: LinearWeights,
    bottlenecks: [BottleneckWeights],
    pool: AttentionPoolWeights
  ) {
    self.tower = tower
    self.trunk = trunk
    self.stem1 = stem1
    self.stem2 = stem2
    self.stem3 = stem3
    self.bottlenecks = bottlenecks
    self.pool = pool
  }
}

struct AttentionPoolWeights {
  var pool: AttentionPool
  var positions: PositionTable
  var attention: PoolingWeights
}

/// `MAPHead` in big_vision's `models/vit.py`.
struct ProbePoolWeights {
  var pool: ProbePool
  var probe: UnsafePointer<Float>
  var attention: PoolingWeights
  var norm: LayerNormWeights
  var expansion: LinearWeights
  var contraction: LinearWeights
}

/// Attention with one query.
struct PoolingWeights {
  var heads: Int
  var query: LinearWeights
  var key: LinearWeights
  var value: LinearWeights
  var output: LinearWeights
}

extension PoolingWeights {
  var withWideInputs: PoolingWeights {
    PoolingWeights(
      heads: heads, query: query.withWideInputs, key: key, value: value.withWideInputs,
      output: output.withWideInputs)
  }
}

enum ImageWeights {
  case patches(PatchTrunkWeights)
  case resNet(ResNetTrunkWeights)

  var tower: ImageTower {
    switch self {
    case .patches(let weights): weights.tower
    case .resNet(let weights): weights.tower
    }
  }
}
