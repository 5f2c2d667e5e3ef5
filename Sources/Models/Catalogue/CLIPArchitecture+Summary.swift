public import Architecture

extension CLIPArchitecture {
  /// A few words for an architecture without a name.
  public var summary: String {
    switch (image, text) {
    case (let image?, .some): image.summary + ", " + textSummary
    case (let image?, nil): image.summary
    case (nil, _): textSummary
    }
  }

  private var textSummary: String {
    guard let text else { return "no tower" }
    return "text \(text.stack.width)x\(text.stack.layers)"
  }
}

extension ImageTower {
  fileprivate var summary: String {
    switch trunk {
    case .patches(let trunk):
      "ViT \(trunk.stack.width)x\(trunk.stack.layers)/\(trunk.patchSize)@\(imageSize)"
    case .resNet(let trunk):
      "ResNet \(trunk.stemWidth)x(\(trunk.blocks[0]),\(trunk.blocks[1]),\(trunk.blocks[2]),\(trunk.blocks[3]))"
        + "@\(imageSize)"
    }
  }
}
