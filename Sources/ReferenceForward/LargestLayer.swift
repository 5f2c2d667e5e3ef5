package import Architecture

// Values of the layer that has the most, of one item.

extension ImageTower {
  package var largestLayer: Int {
    switch trunk {
    case .patches(let trunk): trunk.stack.largestLayer(tokens: trunk.tokenCount(imageSize: imageSize))
    case .resNet(let trunk): trunk.stemWidth * (imageSize / 2) * (imageSize / 2)
    }
  }
}

extension TransformerStack {
  package func largestLayer(tokens: Int) -> Int { tokens * max(mlpWidth, 3 * width) }
}
