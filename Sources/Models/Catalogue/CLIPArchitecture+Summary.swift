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
    switch self {
    case .visionTransformer(let tower):
      "ViT \(tower.stack.width)x\(tower.stack.layers)/\(tower.patchSize)@\(tower.imageSize)"
    case .modifiedResNet(let tower):
      "ResNet \(tower.width)x(\(tower.blocks[0]),\(tower.blocks[1]),\(tower.blocks[2]),\(tower.blocks[3]))"
        + "@\(tower.imageSize)"
    }
  }
}
