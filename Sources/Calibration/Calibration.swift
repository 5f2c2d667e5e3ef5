public import Architecture
public import Models
public import Progress
public import Quantization
internal import ReferenceForward
public import Verification

/// Chooses the rounding of every int8 matrix from the inputs that it has on calibration images and texts.
///
/// Memory: the activations of one layer, the second moments of one layer's inputs, and the chosen values.
public struct Calibration {
  public var model: CLIPModel
  /// The images and texts.
  public var set: ProbeSet
  public var towers: CLIPArchitecture
  public var threads = 0
  public var progress = WorkProgress.unwatched

  public init(model: CLIPModel, set: ProbeSet, towers: CLIPArchitecture) {
    self.model = model
    self.set = set
    self.towers = towers
  }

  /// The most images to run at once, so that a layer's activations stay below 256 MB; at least 8, at most 1024.
  public static func mostImages(of tower: ImageTower) -> Int {
    most(valuesPerItem: tower.largestLayer)
  }

  /// The same for texts.
  public static func mostTexts(of tower: TextTower) -> Int {
    most(valuesPerItem: tower.stack.largestLayer(tokens: tower.contextLength))
  }

  private static func most(valuesPerItem values: Int) -> Int {
    min(1024, max(8, (1 << 26) / max(values, 1)))
  }

  /// The plan for a bundle with all `towers` in int8. Its bits depend on model and set alone.
  public func plan() throws(VerificationError) -> RoundingPlan {
    let inputs = try ReferencePath(model: model, request: ReferenceRequest(.portable)).prepare(set)
    do throws(ModelError) { return try plan(inputs) } catch { throw .model(error) }
  }

  private func plan(_ inputs: Inputs) throws(ModelError) -> RoundingPlan {
    progress.begin("choosing roundings", .operations, of: operationCount(inputs))
    let layers = try CalibratedLayers(model, towers, threads: threads, progress)
    var product = MatrixProduct.portable
    let progress = progress
    product.onMultiplyAdds = { progress.add($0) }
    let forward = ReferenceForward(model, product: product, observeInputs: layers.observe)
    if let tower = towers.image, !inputs.pixels.isEmpty {
      let size = tower.imageSize
      let batch = Tensor([inputs.pixels.count, 3, size, size], inputs.pixels.flatMap { $0 })
      _ = try forward.encodeImages(batch)
    }
    if let tower = towers.text, !inputs.ids.isEmpty {
      let ends = inputs.ids.map { tower.pooledPosition(of: $0) + 1 }
      let length = ends.reduce(1, max)
      layers.rows = CalibratedRows(ends: ends, length: length)
      _ = try forward.encodeTexts(cut: inputs.ids.map { Array($0[..<length]) })
    }
    return try layers.finish()
  }

  /// Of the forward passes and of choosing values; the rest is small.
  private func operationCount(_ inputs: Inputs) -> Int {
    var count = inputs.pixels.count * (towers.image?.multiplyAdds ?? 0)
    if let tower = towers.text {
      let length = inputs.ids.map { tower.pooledPosition(of: $0) + 1 }.reduce(1, max)
      count += inputs.ids.count * tower.stack.multiplyAdds(tokens: length)
    }
    return count + CalibratedLayers.operationCount(model.schema.parameters, towers)
  }
}
