import Architecture
import BundleFormat
import CKernels

/// The buffers of a modified ResNet, which computes one picture at a time: four maps that change roles from layer to
/// layer, a quantized copy of the one being read, and patches per worker.
struct ResNetPlan {
  let maps: (Region<Float>, Region<Float>, Region<Float>, Region<Float>)
  let quantized: Region<UInt8>?
  /// Smallest and largest value of each part of a map.
  let ranges: Region<Float>
  let patches: Region<Float>
  let attention: Region<Float>
  let starts: Region<Int32>
  let result: Region<Float>

  /// Parts of a map whose ranges are found at the same time.
  static let rangeParts = 64

  init(_ plan: inout ScratchPlan, _ tower: ModifiedResNet, isQuantized: Bool, workers: Int) {
    let extent = Extent(tower)
    maps = (
      plan.reserve(1, extent.mapElements, of: Float.self),
      plan.reserve(1, extent.mapElements, of: Float.self),
      plan.reserve(1, extent.mapElements, of: Float.self), plan.reserve(1, extent.mapElements, of: Float.self)
    )
    let bytes = max(extent.mapElements, 3 * tower.imageSize * tower.imageSize)
    quantized = isQuantized ? plan.reserve(1, bytes, of: UInt8.self) : nil
    ranges = plan.reserve(ResNetPlan.rangeParts, 2, of: Float.self)
    patches = plan.reserve(workers, rowStride(extent.patchElements, of: Float.self), of: Float.self)
    let tokens = tower.tokenCount
    let headSize = tower.attentionPoolWidth / tower.heads
    attention = plan.reserve(
      workers, rowStride(pk_attention_scratch(1, tokens, headSize), of: Float.self), of: Float.self)
    starts = plan.reserve(1, 2, of: Int32.self)
    result = plan.reserve(1, roundUp(tower.projection, to: MatrixShape.panelWidth), of: Float.self)
  }

  /// The largest map and the largest run of patches, found by walking the tower's geometry.
  private struct Extent {
    var mapElements = 0
    var patchElements = 0

    init(_ tower: ModifiedResNet) {
      var size = tower.imageSize / 2
      add(size, tower.width / 2, patchChannels: 3)
      add(size, tower.width / 2, patchChannels: tower.width / 2)
      add(size, tower.width, patchChannels: tower.width / 2)
      size /= 2
      for stage in 0..<ModifiedResNet.Blocks.stageCount {
        let inner = tower.innerChannels(stage: stage)
        add(size, inner, patchChannels: inner)
        if stage > 0 { size /= 2 }
        add(size, inner, patchChannels: inner)
        add(size, inner * ModifiedResNet.expansion, patchChannels: 0)
      }
      mapElements = max(mapElements, tower.tokenCount * FeatureMap.stride(tower.attentionPoolWidth))
    }

    private mutating func add(_ size: Int, _ channels: Int, patchChannels: Int) {
      mapElements = max(mapElements, size * size * FeatureMap.stride(channels))
      let pixels = max(PatchBuffers.pixels, size)
      patchElements = max(patchElements, pixels * FeatureMap.stride(9 * patchChannels))
    }
  }
}

/// The same buffers in a session's memory.
struct ResNetScratch {
  let maps:
    (
      UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>,
      UnsafeMutablePointer<Float>
    )
  /// Nil in arithmetic that quantizes nothing.
  let quantized: UnsafeMutablePointer<UInt8>?
  let ranges: Rows<Float>
  let patches: PatchBuffers
  let attention: Rows<Float>
  let starts: UnsafeMutablePointer<Int32>
  let result: Rows<Float>

  init(_ plan: ResNetPlan, _ memory: UnsafeMutableRawPointer) {
    maps = (
      plan.maps.0.rows(in: memory).base, plan.maps.1.rows(in: memory).base,
      plan.maps.2.rows(in: memory).base, plan.maps.3.rows(in: memory).base
    )
    quantized = plan.quantized?.rows(in: memory).base
    ranges = plan.ranges.rows(in: memory)
    let floats = plan.patches.rows(in: memory)
    // A byte needs less room than a float, so both kinds of patches use one buffer.
    let bytes = UnsafeMutableRawPointer(floats.base).assumingMemoryBound(to: UInt8.self)
    patches = PatchBuffers(
      floats: floats, bytes: Rows(base: bytes, stride: floats.stride * MemoryLayout<Float>.size))
    attention = plan.attention.rows(in: memory)
    starts = plan.starts.rows(in: memory).base
    result = plan.result.rows(in: memory)
  }
}
