internal import Architecture
internal import Models

/// CLIP's ResNet up to its pool (`ModifiedResNet.forward` in OpenAI's `clip/model.py`). B images of S pixels per
/// side, stem width w. Feature maps are `[B, H, W, C]`.
struct ResNetTrunkForward {
  var trunk: ResNetTrunk
  var weights: CanonicalWeights
  var product: MatrixProduct
  var departures: Departures
  var observe: ReferenceForward.Observer

  /// pixels `[B, 3, S, S]` → `[B, N, C]`, the N = (S / 32)² positions of the last map
  func callAsFunction(_ pixels: Tensor) throws(ModelError) -> Tensor {
    var x = try stem(pixels.channelsLast)  // [B, S/4, S/4, w]
    observe("visual.stem", x)
    for stage in 0..<ResNetTrunk.Blocks.stageCount {
      for index in 0..<trunk.blocks[stage] {
        let block = "visual.layer\(stage + 1).\(index)"
        let halves = stage > 0 && index == 0
        x = try bottleneck(x, block, halves: halves, hasShortcut: index == 0)  // [B, H, W, 4w·2^stage]
        observe(block, x)
      }
    }
    return x.reshaped([x.shape[0], x.shape[1] * x.shape[2], x.width])
  }

  private func stem(_ pixels: Tensor) throws(ModelError) -> Tensor {
    var x = try weights.convolved3x3(  // [B, S/2, S/2, w/2]
      pixels, "visual.conv1.weight", stride: 2, by: product)
    try normalize(&x, "visual.bn1", rectified: true)
    x = try weights.convolved3x3(x, "visual.conv2.weight", by: product)  // [B, S/2, S/2, w/2]
    try normalize(&x, "visual.bn2", rectified: true)
    x = try weights.convolved3x3(x, "visual.conv3.weight", by: product)  // [B, S/2, S/2, w]
    try normalize(&x, "visual.bn3", rectified: true)
    return x.averagePooled  // [B, S/4, S/4, w]
  }

  /// Strides are average pools before 1×1 convolutions, in the branch and in the shortcut.
  private func bottleneck(
    _ x: Tensor, _ name: String, halves: Bool, hasShortcut: Bool
  ) throws(ModelError) -> Tensor {
    var branch = try weights.convolved1x1(x, "\(name).conv1.weight", by: product)  // [B, H, W, p]
    try normalize(&branch, "\(name).bn1", rectified: true)
    branch = try weights.convolved3x3(branch, "\(name).conv2.weight", by: product)  // [B, H, W, p]
    try normalize(&branch, "\(name).bn2", rectified: true)
    if halves { branch = branch.averagePooled }  // [B, H/2, W/2, p]
    branch = try weights.convolved1x1(branch, "\(name).conv3.weight", by: product)  // [B, H', W', 4p]
    try normalize(&branch, "\(name).bn3", rectified: false)
    if hasShortcut {
      var shortcut = try weights.convolved1x1(  // [B, H', W', 4p]
        halves ? x.averagePooled : x, "\(name).downsample.0.weight", by: product)
      try normalize(&shortcut, "\(name).downsample.1", rectified: false)
      weights.add(shortcut, to: &branch)
    } else {
      weights.add(x, to: &branch)
    }
    branch.rectify()
    return branch
  }

  /// BatchNorm with its running statistics, as one multiplication and one addition per channel.
  private func normalize(_ x: inout Tensor, _ name: String, rectified: Bool) throws(ModelError) {
    let gain = try weights("\(name).weight")
    let bias = try weights("\(name).bias")  // [C]
    let (mean, variance) =  // [C]
      departures.usesBatchStatistics
      ? x.channelStatistics
      : (try weights("\(name).running_mean"), try weights("\(name).running_var"))
    var scale: [Float] = []
    var shift: [Float] = []
    for channel in 0..<gain.values.count {
      let deviation = (Double(variance.values[channel]) + Double(trunk.epsilon)).squareRoot()
      let factor = Double(gain.values[channel]) / deviation
      scale.append(Float(factor))
      shift.append(Float(Double(bias.values[channel]) - Double(mean.values[channel]) * factor))
    }
    let floor: Float = rectified ? 0 : -.infinity
    scale.withUnsafeBufferPointer { scale in
      shift.withUnsafeBufferPointer { shift in
        x.forEachRow { row in
          for channel in 0..<row.count {
            row[channel] = max(row[channel] * scale[channel] + shift[channel], floor)
          }
        }
      }
    }
  }
}

extension Tensor {
  /// Mean and variance of each channel over everything else, `[C]` each: BatchNorm's in training mode.
  fileprivate var channelStatistics: (mean: Tensor, variance: Tensor) {
    var sums = [Double](repeating: 0, count: width)
    var squares = sums
    for index in 0..<rowCount {
      for (channel, value) in row(index).enumerated() {
        sums[channel] += Double(value)
        squares[channel] += Double(value) * Double(value)
      }
    }
    let means = sums.map { $0 / Double(rowCount) }
    let variances = zip(squares, means).map { max(0, $0 / Double(rowCount) - $1 * $1) }
    return (Tensor([width], means.map(Float.init)), Tensor([width], variances.map(Float.init)))
  }
}
