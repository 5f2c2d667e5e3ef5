package import Architecture
package import PocketCLIP
internal import PocketRuntime
package import Progress

// Progress of forward passes of the runtime: counted in layers, weighed by their multiply-adds, so that the time left is
// right for two towers of different cost.

extension CLIPArchitecture {
  /// Multiply-adds of an image and a text, as progress counts them.
  package var countedMultiplyAdds: Int { countedMultiplyAdds(.image) + countedMultiplyAdds(.text) }

  package func countedMultiplyAdds(_ tower: Tower) -> Int { layerCount(tower) * multiplyAddsPerLayer(tower) }

  func multiplyAddsPerLayer(_ tower: Tower) -> Int {
    let all =
      switch tower {
      case .image: image?.multiplyAdds ?? 0
      case .text: text?.multiplyAdds ?? 0
      }
    return all / max(1, layerCount(tower))
  }

  private func layerCount(_ tower: Tower) -> Int {
    switch tower {
    case .text: text?.stack.layers ?? 0
    case .image:
      switch image?.trunk {
      case .patches(let trunk): trunk.stack.layers
      case .resNet(let trunk): trunk.depth
      case nil: 0
      }
    }
  }
}

extension PocketCLIP.Session {
  /// Counts the layers that `body` runs.
  package func countingLayers<Result>(
    of architecture: CLIPArchitecture, _ progress: WorkProgress,
    _ body: () throws(PocketCLIPError) -> Result
  ) throws(PocketCLIPError) -> Result {
    try observing(
      { stage, _ in
        if let tower = stage.layerTower { progress.add(architecture.multiplyAddsPerLayer(tower)) }
      }, body)
  }
}

extension Stage {
  /// Nil for what is no layer.
  var layerTower: Tower? {
    switch self {
    case .block(let tower, _): tower
    case .bottleneck: .image
    case .embedding, .placedPatches, .pooled, .stem: nil
    }
  }
}
