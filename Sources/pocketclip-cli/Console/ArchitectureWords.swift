import Architecture
import Archives
import Models

extension CLIPArchitecture {
  /// A published name, or the sizes in words.
  var words: String {
    ArchitectureCatalogue.name(of: self)
      ?? [image?.words, text?.words].compactMap(\.self).joined(separator: ", ")
  }
}

extension ImageTower {
  fileprivate var words: String {
    switch trunk {
    case .patches(let trunk):
      "ViT of \(counted(trunk.stack.layers, "layer")) and width \(trunk.stack.width) on \(imageSize)-pixel images in "
        + "\(trunk.patchSize)-pixel patches"
    case .resNet(let trunk):
      "ResNet of \((0..<ResNetTrunk.Blocks.stageCount).map { "\(trunk.blocks[$0])" }.joined(separator: "+")) blocks "
        + "and width \(trunk.stemWidth) on \(imageSize)-pixel images"
    }
  }
}

extension TextTower {
  fileprivate var words: String {
    "text transformer of \(counted(stack.layers, "layer")) and width \(stack.width)"
  }
}
