import Architecture

// Which fields enter an id, in which order, under which names. These lists are frozen. A later version of the header
// may only append a line to a list, and only with `unless:` (docs/BUNDLE.md, section 8).

extension ImageTower {
  package func visitIdentityFields(_ lines: inout IdentityLines) {
    lines.choice("image.kind", ImageTowerKind(trunk))
    lines.integer("image.size", imageSize)
    switch trunk {
    case .patches(let patches): patches.visitIdentityFields(&lines)
    case .resNet(let resNet): resNet.visitIdentityFields(&lines, heads: heads)
    }
    lines.optional("image.projection", projection)
    visitPoolLines(&lines)
  }
}

extension ImageTower {
  private func visitPoolLines(_ lines: inout IdentityLines) {
    if case .patches(let patches) = trunk {
      lines.choice("image.patch_bias", YesNo(patches.hasPatchBias), unless: .no)
      lines.choice("image.prefix", patches.prefix, unless: .classToken)
      lines.choice("image.pre_norm", YesNo(patches.hasPreNorm), unless: .yes)
    }
    switch pool {
    case .classToken, .attention: break
    case .probe(let probe):
      lines.choice("image.pool", PatchPoolKind.probe)
      lines.integer("image.pool_heads", probe.heads)
      lines.integer("image.pool_mlp_width", probe.mlpWidth)
    }
  }
}

extension PatchTrunk {
  fileprivate func visitIdentityFields(_ lines: inout IdentityLines) {
    lines.integer("image.patch_size", patchSize)
    lines.integer("image.width", stack.width)
    lines.integer("image.layers", stack.layers)
    lines.integer("image.heads", stack.heads)
    lines.integer("image.mlp_width", stack.mlpWidth)
    lines.choice("image.activation", stack.activation)
    lines.float("image.epsilon", stack.epsilon)
  }
}

extension ResNetTrunk {
  /// - Parameter heads: heads of the attention pooling.
  fileprivate func visitIdentityFields(_ lines: inout IdentityLines, heads: Int?) {
    lines.integer("image.width", stemWidth)
    lines.integer("image.blocks.1", blocks.stage1)
    lines.integer("image.blocks.2", blocks.stage2)
    lines.integer("image.blocks.3", blocks.stage3)
    lines.integer("image.blocks.4", blocks.stage4)
    lines.optional("image.heads", heads)
    lines.float("image.epsilon", epsilon)
  }
}

extension TextTower {
  package func visitIdentityFields(_ lines: inout IdentityLines) {
    lines.integer("text.context_length", contextLength)
    lines.integer("text.vocabulary", vocabularySize)
    lines.integer("text.width", stack.width)
    lines.integer("text.layers", stack.layers)
    lines.integer("text.heads", stack.heads)
    lines.integer("text.mlp_width", stack.mlpWidth)
    lines.choice("text.activation", stack.activation)
    lines.float("text.epsilon", stack.epsilon)
    lines.optional("text.pooled_id", pooling.namedID)
    lines.optional("text.projection", projection)
    lines.choice("text.causal", YesNo(isCausal), unless: .yes)
    if pooling == .last { lines.choice("text.pooling", TextPoolingKind.last) }
    lines.choice("text.projection_bias", YesNo(hasProjectionBias), unless: .no)
  }
}

extension Preprocessing {
  package func visitIdentityFields(_ lines: inout IdentityLines) {
    lines.choice("preprocess.resize", resize)
    lines.choice("preprocess.interpolation", interpolation)
    lines.choice("preprocess.crop", crop)
    lines.choice("preprocess.conversion", conversion)
    lines.float("preprocess.mean.red", mean.red)
    lines.float("preprocess.mean.green", mean.green)
    lines.float("preprocess.mean.blue", mean.blue)
    lines.float("preprocess.std.red", standardDeviation.red)
    lines.float("preprocess.std.green", standardDeviation.green)
    lines.float("preprocess.std.blue", standardDeviation.blue)
    lines.optional("preprocess.resize_edge", resizeEdge, unless: nil)
    lines.choice("preprocess.backend", backend, unless: .pillow)
    lines.choice("preprocess.alpha", alpha, unless: .drop)
  }
}
