internal import Architecture

/// CLIP's ResNet up to its pool. B images of S pixels per side, stem width w; maps are `[B, C, H, W]`.
struct ResNetTrunkGraph {
  var trunk: ResNetTrunk

  /// image `[B, 3, S, S]` → `[B, C, G, G]`, G = S / 32
  func apply(to image: String, in builder: inout ONNXGraphBuilder) -> String {
    var x = stem(image, &builder)  // [B, w, S/4, S/4]
    for stage in 0..<ResNetTrunk.Blocks.stageCount {
      for index in 0..<trunk.blocks[stage] {
        x = bottleneck(
          x, "visual.layer\(stage + 1).\(index)", halves: stage > 0 && index == 0, hasShortcut: index == 0,
          &builder)
      }
    }
    return x
  }

  private func stem(_ image: String, _ builder: inout ONNXGraphBuilder) -> String {
    var x = convolution(image, "visual.conv1", "visual.bn1", size: 3, stride: 2, &builder)
    x = builder.add(.relu, [x], "visual.relu1")
    x = convolution(x, "visual.conv2", "visual.bn2", size: 3, &builder)
    x = builder.add(.relu, [x], "visual.relu2")
    x = convolution(x, "visual.conv3", "visual.bn3", size: 3, &builder)
    x = builder.add(.relu, [x], "visual.relu3")
    return averagePool(x, "visual.avgpool", &builder)
  }

  /// Strides are average pools before 1×1 convolutions, in the branch and in the shortcut.
  private func bottleneck(
    _ x: String, _ name: String, halves: Bool, hasShortcut: Bool, _ builder: inout ONNXGraphBuilder
  ) -> String {
    var branch = convolution(x, "\(name).conv1", "\(name).bn1", size: 1, &builder)
    branch = builder.add(.relu, [branch], "\(name).relu1")
    branch = convolution(branch, "\(name).conv2", "\(name).bn2", size: 3, &builder)
    branch = builder.add(.relu, [branch], "\(name).relu2")
    if halves { branch = averagePool(branch, "\(name).avgpool", &builder) }
    branch = convolution(branch, "\(name).conv3", "\(name).bn3", size: 1, &builder)
    var shortcut = x
    if hasShortcut {
      if halves { shortcut = averagePool(x, "\(name).downsample.avgpool", &builder) }
      shortcut = convolution(shortcut, "\(name).downsample.0", "\(name).downsample.1", size: 1, &builder)
    }
    return builder.add(.relu, [builder.add(.add, [branch, shortcut], "\(name).sum")], name)
  }

  /// A convolution without bias and its BatchNorm with running statistics.
  private func convolution(
    _ x: String, _ name: String, _ norm: String, size: Int, stride: Int = 1,
    _ builder: inout ONNXGraphBuilder
  ) -> String {
    let convolved = builder.add(
      .conv, [x, builder.parameter("\(name).weight")], name,
      [
        .integers("kernel_shape", [size, size]), .integers("strides", [stride, stride]),
        .integers("pads", [Int](repeating: size / 2, count: 4)),
      ])
    let parts = ["weight", "bias", "running_mean", "running_var"].map { builder.parameter("\(norm).\($0)") }
    return builder.add(.batchNormalization, [convolved] + parts, norm, [.float("epsilon", trunk.epsilon)])
  }

  private func averagePool(_ x: String, _ name: String, _ builder: inout ONNXGraphBuilder) -> String {
    builder.add(
      .averagePool, [x], name, [.integers("kernel_shape", [2, 2]), .integers("strides", [2, 2])])
  }
}
