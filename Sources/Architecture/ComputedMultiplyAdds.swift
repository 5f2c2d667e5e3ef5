// The small runtime does not use these counts, so it leaves them out.
#if !hasFeature(Embedded)

  /// Multiply-adds of one item as the runtime computes it: `multiplyAdds` without what does not reach the output.
  extension ImageTower {
    public var computedMultiplyAdds: Int {
      switch (trunk, pool) {
      case (.patches(let trunk), .classToken):
        multiplyAdds - trunk.stack.skippedMultiplyAdds(tokens: tokenCount)
      case (.resNet, .classToken): multiplyAdds
      case (.patches, .attention(let pool)), (.resNet, .attention(let pool)):
        multiplyAdds - pool.skippedMultiplyAdds(of: self)
      case (.patches, .probe(let pool)), (.resNet, .probe(let pool)):
        multiplyAdds - pool.skippedMultiplyAdds(of: self)
      }
    }
  }

  extension TextTower {
    public var computedMultiplyAdds: Int {
      multiplyAdds - stack.skippedMultiplyAdds(tokens: contextLength)
    }
  }

  extension TransformerStack {
    /// In the last block, only the pooled token needs a query, attention, the out-projection and the MLP.
    func skippedMultiplyAdds(tokens: Int) -> Int {
      layers == 0 ? 0 : (tokens - 1) * (2 * width * width + 2 * width * mlpWidth + 2 * tokens * width)
    }
  }

  extension AttentionPool {
    func skippedMultiplyAdds(of tower: ImageTower) -> Int {
      singleQuerySkippedMultiplyAdds(width: tower.width, tokens: tokenCount(of: tower), heads: heads)
    }
  }

  extension ProbePool {
    func skippedMultiplyAdds(of tower: ImageTower) -> Int {
      singleQuerySkippedMultiplyAdds(width: tower.width, tokens: tower.tokenCount, heads: heads)
    }
  }

  /// With a single query, keys and values of the tokens need not be computed: per head, the query passes through the
  /// keys' matrix and the weighted mean of the tokens through the values' matrix.
  private func singleQuerySkippedMultiplyAdds(width: Int, tokens: Int, heads: Int) -> Int {
    let original = 2 * tokens * width * width + 2 * tokens * width
    let computed = 2 * width * width + heads * 2 * tokens * width
    return original - computed
  }
#endif
