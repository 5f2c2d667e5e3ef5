import Architecture

/// The towers, in the order of `ParameterSchema`.
extension WeightBinder {
  mutating func bind(_ tower: ImageTower) throws(RuntimeFault) -> ImageWeights {
    switch (tower.trunk, tower.pool) {
    case (.patches(let trunk), .classToken), (.patches(let trunk), .probe):
      return .patches(try bind(tower, trunk))
    case (.resNet(let trunk), .attention(let pool)): return .resNet(try bind(tower, trunk, pool))
    // A bundle cannot state these combinations.
    case (.patches, .attention), (.resNet, .classToken), (.resNet, .probe):
      throw RuntimeFault.inconsistent(byteOffset: 0)
    }
  }

  private mutating func bind(
    _ tower: ImageTower, _ trunk: PatchTrunk
  ) throws(RuntimeFault) -> PatchTrunkWeights {
    PatchTrunkWeights(
      tower: tower,
      trunk: trunk,
      classEmbedding: trunk.prefix == .none ? nil : try floats(ParameterName("visual.class_embedding")),
      positions: try positions(ParameterName("visual.positional_embedding")),
      patchEmbedding: try linear(
        ParameterName("visual.conv1.weight"),
        bias: trunk.hasPatchBias ? ParameterName("visual.conv1.bias") : nil),
      lnPre: trunk.hasPreNorm ? try layerNorm(ParameterName("visual.ln_pre")) : nil,
      blocks: try blocks(trunk.stack.layers, below: ParameterName("visual.transformer.resblocks.")),
      lnPost: try layerNorm(ParameterName("visual.ln_post")),
      end: try end(of: tower))
  }

  private mutating func end(of tower: ImageTower) throws(RuntimeFault) -> PatchTrunkEnd {
    switch tower.pool {
    case .classToken, .attention:
      .firstToken(projection: tower.projection == nil ? nil : try linear(ParameterName("visual.proj")))
    case .probe(let pool): .probe(try bind(pool))
    }
  }

  mutating func bind(_ tower: TextTower) throws(RuntimeFault) -> TextWeights {
    TextWeights(
      tokens: try tokenTable(ParameterName("token_embedding.weight")),
      positions: try positions(ParameterName("positional_embedding")),
      blocks: try blocks(tower.stack.layers, below: ParameterName("transformer.resblocks.")),
      lnFinal: try layerNorm(ParameterName("ln_final")),
      projection: tower.projection == nil
        ? nil
        : try linear(
          ParameterName("text_projection"),
          bias: tower.hasProjectionBias ? ParameterName("text_projection.bias") : nil))
  }

  private mutating func blocks(
    _ layers: Int, below prefix: ParameterName
  ) throws(RuntimeFault) -> [BlockWeights] {
    var blocks: [BlockWeights] = []
    blocks.reserveCapacity(layers)
    for layer in 0..<layers {
      let block = prefix.appending(layer)
      blocks.append(
        BlockWeights(
          ln1: try layerNorm(block.appending(".ln_1")),
          inProjection: try linear(
            block.appending(".attn.in_proj_weight"), bias: block.appending(".attn.in_proj_bias")),
          outProjection: try linear(named: block.appending(".attn.out_proj")),
          ln2: try layerNorm(block.appending(".ln_2")),
          expansion: try linear(named: block.appending(".mlp.c_fc")),
          contraction: try linear(named: block.appending(".mlp.c_proj"))))
    }
    return blocks
  }
}

extension WeightBinder {
  private mutating func bind(
    _ tower: ImageTower, _ trunk: ResNetTrunk, _ pool: AttentionPool
  ) throws(RuntimeFault) -> ResNetTrunkWeights {
    let stem1 = try convolution(ParameterName("visual.conv1"), norm: ParameterName("visual.bn1"))
    let stem2 = try convolution(ParameterName("visual.conv2"), norm: ParameterName("visual.bn2"))
    let stem3 = try convolution(ParameterName("visual.conv3"), norm: ParameterName("visual.bn3"))
    var bottlenecks: [BottleneckWeights] = []
    for stage in 0..<ResNetTrunk.Blocks.stageCount {
      for index in 0..<trunk.blocks[stage] {
        let block = ParameterName("visual.layer").appending(stage + 1).appending(".").appending(index)
        bottlenecks.append(try bottleneck(block, stage: stage + 1, index))
      }
    }
    return ResNetTrunkWeights(
      tower: tower, trunk: trunk, stem1: stem1, stem2: stem2, stem3: stem3, bottlenecks: bottlenecks,
      pool: try bind(pool))
  }

  private mutating func bottleneck(
    _ block: ParameterName, stage: Int, _ index: Int
  ) throws(RuntimeFault) -> BottleneckWeights {
    BottleneckWeights(
      stage: stage, index: index,
      conv1: try convolution(block.appending(".conv1"), norm: block.appending(".bn1")),
      conv2: try convolution(block.appending(".conv2"), norm: block.appending(".bn2")),
      conv3: try convolution(block.appending(".conv3"), norm: block.appending(".bn3")),
      shortcut: index == 0
        ? try convolution(block.appending(".downsample.0"), norm: block.appending(".downsample.1")) : nil)
  }

  private mutating func bind(_ pool: AttentionPool) throws(RuntimeFault) -> AttentionPoolWeights {
    AttentionPoolWeights(
      pool: pool,
      positions: try positions(ParameterName("visual.attnpool.positional_embedding")),
      attention: try poolingWeights(heads: pool.heads))
  }

  private mutating func bind(_ pool: ProbePool) throws(RuntimeFault) -> ProbePoolWeights {
    ProbePoolWeights(
      pool: pool,
      probe: try floats(ParameterName("visual.attnpool.probe")),
      attention: try poolingWeights(heads: pool.heads).withWideInputs,
      norm: try layerNorm(ParameterName("visual.attnpool.ln")),
      expansion: try linear(named: ParameterName("visual.attnpool.mlp.c_fc")).withWideInputs,
      contraction: try linear(named: ParameterName("visual.attnpool.mlp.c_proj")).withWideInputs)
  }

  private mutating func poolingWeights(heads: Int) throws(RuntimeFault) -> PoolingWeights {
    PoolingWeights(
      heads: heads,
      query: try linear(named: ParameterName("visual.attnpool.q_proj")),
      key: try linear(named: ParameterName("visual.attnpool.k_proj")),
      value: try linear(named: ParameterName("visual.attnpool.v_proj")),
      output: try linear(named: ParameterName("visual.attnpool.c_proj")))
  }
}
