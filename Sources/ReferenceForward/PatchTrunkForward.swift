internal import Architecture
internal import Models

/// A Vision Transformer up to its pool (`VisionTransformer.forward` in OpenAI's `clip/model.py`). B images of S
/// pixels per side, patches of P, grid G = S / P, N tokens: G² patches, after a class token if there is one; W channels.
struct PatchTrunkForward {
  var trunk: PatchTrunk
  var weights: CanonicalWeights
  var product: MatrixProduct
  var departures: Departures
  var observe: ReferenceForward.Observer

  /// pixels `[B, 3, S, S]` → `[B, N, W]`
  func callAsFunction(_ pixels: Tensor) throws(ModelError) -> Tensor {
    var x = try weights.embedded(  // [B, G², W]
      patches(of: pixels), channels: 3, "visual.conv1.weight", by: product)
    if trunk.hasPatchBias { x.addRepeating(try weights("visual.conv1.bias")) }
    switch trunk.prefix {
    case .none: break
    case .classToken: x = prepend(try weights("visual.class_embedding"), to: x)  // [B, N, W]
    }
    x.addRepeating(try weights("visual.positional_embedding"))
    if trunk.hasPreNorm, !departures.omitsPreNorm {
      x = x.layerNorm(  // [B, N, W]
        try weights("visual.ln_pre.weight"), try weights("visual.ln_pre.bias"), epsilon: trunk.stack.epsilon)
    }
    observe(trunk.hasPreNorm ? "visual.ln_pre" : "visual.positional_embedding", x)
    return try Transformer(  // [B, N, W]
      stack: trunk.stack, name: "visual.transformer", isCausal: departures.mask.isCausal(false),
      weights: weights, product: product, departures: departures, observe: observe)(x)
  }

  /// Non-overlapping patches, row by row, each flattened as (channel, y, x): the inputs of a convolution with stride
  /// P. Pixels beyond the last complete patch are ignored.
  private func patches(of pixels: Tensor) -> Tensor {
    let (batch, size, patch) = (pixels.shape[0], pixels.shape[2], trunk.patchSize)
    let grid = size / patch
    return Tensor([batch, grid * grid, 3 * patch * patch]) { output in
      var next = 0
      for item in 0..<batch {
        for gridY in 0..<grid {
          for gridX in 0..<grid {
            for channel in 0..<3 {
              for y in 0..<patch {
                let row = ((item * 3 + channel) * size + gridY * patch + y) * size + gridX * patch
                for x in 0..<patch { output[next + x] = pixels.values[row + x] }
                next += patch
              }
            }
          }
        }
      }
    }
  }

  private func prepend(_ token: Tensor, to patches: Tensor) -> Tensor {
    let (batch, count, width) = (patches.shape[0], patches.shape[1], patches.shape[2])
    var values: [Float] = []  // [B, N, W]
    values.reserveCapacity(batch * (count + 1) * width)
    for item in 0..<batch {
      values += token.values
      values += patches.values[item * count * width..<(item + 1) * count * width]
    }
    return Tensor([batch, count + 1, width], values)
  }
}
