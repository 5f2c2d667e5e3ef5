import Architecture
import BundleFormat
import CKernels

/// The buffers of a ResNet, which computes one image at a time: four maps that change roles from layer to layer, a
/// quantized or rounded copy of the current input, and patches per worker.
final class ResNetTrunkScratch {
  let maps: InlineArray<4, UnsafeMutablePointer<Float>>
  /// Nil in arithmetic that does not quantize.
  let quantized: QuantizedMap?
  /// Nil except in `bf16` arithmetic.
  let rounded: RoundedMap?
  let patches: PatchBuffers
  let pooling: PoolingBuffers
  let result: Rows<Float>

  init(
    _ memory: inout ScratchMemory, _ weights: ResNetTrunkWeights, _ form: RowForm,
    workers: Int
  ) {
    let tower = weights.tower
    let tokenCount = weights.pool.pool.tokenCount(of: tower)
    let extent = Extent(weights.trunk, imageSize: tower.imageSize, tokenCount: tokenCount)
    var maps = InlineArray<4, UnsafeMutablePointer<Float>>(
      repeating: memory.buffer(extent.mapElements, of: Float.self))
    for index in 1..<maps.count { maps[index] = memory.buffer(extent.mapElements, of: Float.self) }
    self.maps = maps
    switch form {
    case .floats: (quantized, rounded) = (nil, nil)
    case .quantized(let activation):
      let plane = max(extent.mapElements, 3 * tower.imageSize * tower.imageSize)
      quantized = QuantizedMap(
        bytes: memory.buffer(activation.rawValue * plane, of: UInt8.self),
        lowPlane: (activation.rawValue - 1) * plane, ranges: WorkerRanges(&memory, workers: workers))
      rounded = nil
    case .rounded(let kernels):
      quantized = nil
      rounded = RoundedMap(values: memory.buffer(extent.mapElements, of: UInt16.self), kernels: kernels)
    }
    patches = PatchBuffers(
      memory.rows(workers, rowStride(extent.patchElements, of: Float.self), of: Float.self))
    pooling = PoolingBuffers(&memory, width: tower.width, tokenCount: tokenCount, workers: workers)
    result = memory.rows(1, tower.outputWidth, of: Float.self)
  }

  /// The largest map and the largest run of patches, found by walking the tower's geometry.
  private struct Extent {
    var mapElements = 0
    var patchElements = 0

    init(_ trunk: ResNetTrunk, imageSize: Int, tokenCount: Int) {
      let width = trunk.stemWidth
      var size = imageSize / 2
      add(size, width / 2, patchChannels: 3, border: 1)
      add(size, width / 2, patchChannels: width / 2, border: 1)
      add(size, width, patchChannels: width / 2)
      size /= 2
      for stage in 0..<ResNetTrunk.Blocks.stageCount {
        let inner = trunk.innerChannels(stage: stage)
        add(size, inner, patchChannels: 0, border: 1)
        add(size, inner, patchChannels: inner)
        if stage > 0 { size /= 2 }
        add(size, inner, patchChannels: inner)
        add(size, inner * ResNetTrunk.expansion, patchChannels: 0)
      }
      mapElements = max(mapElements, tokenCount * FeatureMap.stride(trunk.outputWidth))
    }

    private mutating func add(_ size: Int, _ channels: Int, patchChannels: Int, border: Int = 0) {
      let side = size + 2 * border
      mapElements = max(mapElements, side * side * FeatureMap.stride(channels))
      let pixels = max(PatchBuffers.pixels, size)
      patchElements = max(patchElements, pixels * FeatureMap.stride(9 * patchChannels))
    }
  }
}

/// A map as bytes, and the buffers that compute its scale.
struct QuantizedMap {
  var bytes: UnsafeMutablePointer<UInt8>
  /// As in `QuantizedRows`.
  var lowPlane: Int
  var ranges: WorkerRanges
}

/// A map in BF16.
struct RoundedMap {
  var values: UnsafeMutablePointer<UInt16>
  var kernels: UnsafePointer<pk_bf16_kernels>
}

/// The buffers of a convolution.
struct ConvolutionScratch {
  var patches: PatchBuffers
  /// The kernels that round patches to BF16; nil if patches are not rounded.
  var rounding: UnsafePointer<pk_bf16_kernels>?
  /// Nil if nothing is quantized.
  var ranges: WorkerRanges?
}

/// Buffers of a worker: patches as floats or as bytes.
struct PatchBuffers {
  /// One row per worker.
  var floats: Rows<Float>
  var bytes: Rows<UInt8>

  /// The offset of the low plane: half of a worker's buffer. The buffer has four bytes per value, a plane needs one.
  var lowPlane: Int { bytes.stride / 2 }

  /// The number of output pixels whose patches a worker holds at once; at least one line of the image.
  static let pixels = 128
}

extension PatchBuffers {
  /// Both kinds of patches use one buffer, which is large enough for floats.
  fileprivate init(_ floats: Rows<Float>) {
    self.floats = floats
    let bytes = UnsafeMutableRawPointer(floats.base).assumingMemoryBound(to: UInt8.self)
    self.bytes = Rows(base: bytes, stride: floats.stride * MemoryLayout<Float>.size)
  }
}
