// The small runtime does not use these counts, so it leaves them out.
#if !hasFeature(Embedded)

  /// Multiply-adds of one item as the original implementation computes it, counting matrix products, convolutions and
  /// attention only. Everything else is less than 1 %.
  ///
  /// The counts include what the runtime skips because it does not reach the output (padding, most of the last
  /// block), so that they are comparable with other engines on the same input.
  extension ImageTower {
    public var multiplyAdds: Int {
      let trunk =
        switch trunk {
        case .patches(let trunk): trunk.multiplyAdds(imageSize: imageSize)
        case .resNet(let trunk): trunk.multiplyAdds(imageSize: imageSize)
        }
      switch pool {
      case .classToken: return trunk + width * (projection ?? 0)
      case .attention(let pool): return trunk + pool.multiplyAdds(of: self)
      case .probe(let pool): return trunk + pool.multiplyAdds(of: self)
      }
    }
  }

  extension TransformerStack {
    /// For n tokens of width d and MLPs of width m, per block: n·(4d² + 2dm) in the four linear layers and 2n²d in
    /// attention (queries with keys, weights with values).
    public func multiplyAdds(tokens: Int) -> Int {
      layers * tokens * (4 * width * width + 2 * width * mlpWidth + 2 * tokens * width)
    }
  }

  extension PatchTrunk {
    /// g²·3P²·d for the patch embedding, plus the blocks on all tokens.
    func multiplyAdds(imageSize: Int) -> Int {
      patchCount(imageSize: imageSize) * patchElementCount * stack.width
        + stack.multiplyAdds(tokens: tokenCount(imageSize: imageSize))
    }
  }

  extension TextTower {
    /// The blocks on all positions of the context, plus d·e for the projection of the pooled position.
    public var multiplyAdds: Int {
      stack.multiplyAdds(tokens: contextLength) + stack.width * (projection ?? 0)
    }
  }

  extension ResNetTrunk {
    /// A convolution of k × k from c to n channels takes k²·c·n multiply-adds per output pixel.
    func multiplyAdds(imageSize: Int) -> Int {
      let half = stemWidth / 2
      let stemPixels = (imageSize / 2) * (imageSize / 2)
      var total = stemPixels * 9 * (3 * half + half * half + half * stemWidth)
      var (channels, size) = (stemWidth, imageSize / 4)
      for stage in 0..<Blocks.stageCount {
        let inner = innerChannels(stage: stage)
        for index in 0..<blocks[stage] {
          let outputSize = index == 0 && stage > 0 ? size / 2 : size
          total += bottleneck(
            from: channels, inner: inner, pixels: size * size, outputPixels: outputSize * outputSize,
            downsamples: index == 0)
          (channels, size) = (inner * Self.expansion, outputSize)
        }
      }
      return total
    }

    /// 1×1 and 3×3 run before the average pool, the second 1×1 after it. The shortcut of a stage's first bottleneck
    /// also runs after its pool.
    private func bottleneck(
      from channels: Int, inner: Int, pixels: Int, outputPixels: Int, downsamples: Bool
    ) -> Int {
      let output = inner * Self.expansion
      let shortcut = downsamples ? outputPixels * channels * output : 0
      return pixels * (channels * inner + 9 * inner * inner) + outputPixels * inner * output + shortcut
    }
  }

  extension AttentionPool {
    /// One query, keys and values of n tokens of width d, attention, and d·e for the output.
    func multiplyAdds(of tower: ImageTower) -> Int {
      let (width, tokens) = (tower.width, tokenCount(of: tower))
      return width * width * (1 + 2 * tokens) + 2 * tokens * width + width * tower.outputWidth
    }
  }

  extension ProbePool {
    /// One query, keys and values of n tokens of width d, attention, the output, and the MLP of width m on one token.
    func multiplyAdds(of tower: ImageTower) -> Int {
      let (width, tokens) = (tower.width, tower.tokenCount)
      return width * width * (2 + 2 * tokens) + 2 * tokens * width + 2 * width * mlpWidth
    }
  }
#endif
