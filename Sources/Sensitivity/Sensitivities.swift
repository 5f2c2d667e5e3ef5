public import Architecture
internal import BundleFormat
public import Models
public import Progress
public import Quantization
package import ReferenceForward
internal import Synchronization
public import Verification

/// Measures the sensitivity of every matrix that int8 bundles round, on a few items of a set.
///
/// The bits of the figures depend on model, set and plan alone: all products are the reference's portable ones.
///
/// Memory: a layer's activations for all copies of the items stay below 256 MB, except that the largest towers need more
/// for three copies of one image; a few such arrays, and one layer's weights, exist at a time.
public struct Sensitivities {
  public var model: CLIPModel
  /// The images and texts to choose from: others than those that chose `plan`, `ProbeSet.sensitivity(for:)`.
  public var set: ProbeSet
  /// The towers that are stored as int8.
  public var towers: CLIPArchitecture
  /// How their weights are rounded.
  public var plan: RoundingPlan
  public var threads = 0
  public var progress = WorkProgress.unwatched
  /// The most values of a layer's outputs, all copies together; changes no figure.
  package var mostLayerValues = 1 << 26
  /// All portable products give the same bits.
  package var product = MatrixProduct.portable

  public init(model: CLIPModel, set: ProbeSet, towers: CLIPArchitecture, plan: RoundingPlan) {
    self.model = model
    self.set = set
    self.towers = towers
    self.plan = plan
  }

  /// What `measure` begins: surveying and measuring each tower.
  public static func stepCount(_ towers: CLIPArchitecture) -> Int {
    (towers.image == nil ? 0 : 2) + (towers.text == nil ? 0 : 2)
  }

  /// - Returns: one entry per rounded matrix of each tower that the set has items for.
  public func measure() throws(VerificationError) -> [ParameterName: Sensitivity] {
    var items: [MeasuredItems] = []
    if let tower = towers.image, let images = try MeasuredItems.images(of: set, tower, model) {
      items.append(images)
    }
    if let tower = towers.text, let texts = try MeasuredItems.texts(of: set, tower, model) {
      items.append(texts)
    }
    do throws(ModelError) { return try measure(items) } catch { throw .model(error) }
  }

  private func measure(_ items: [MeasuredItems]) throws(ModelError) -> [ParameterName: Sensitivity] {
    let equalization = try Equalization(of: model, model.schema.parameters, threads: threads) {
      towers.has($0)
    }
    let rounding = LayerRounding(model: model, plan: plan, equalization: equalization)
    var found: [ParameterName: Sensitivity] = [:]
    for items in items {
      let survey = try survey(items)
      try measure(items, survey, rounding, into: &found)
    }
    return found
  }
}

/// The matrices of a tower in the order of computation.
private struct Survey {
  struct Layer {
    var index: Int
    /// Rows that it multiplies, all items together; 0 for the token table.
    var rowCount: Int
    /// Multiply-adds of the tower before it.
    var before: Int
  }

  var layers: [Layer]
  /// Of the tower, all items together.
  var multiplyAdds: Int
}

extension Sensitivities {
  private func survey(_ items: MeasuredItems) throws(ModelError) -> Survey {
    let parameters = model.schema.parameters
    progress.begin("surveying the \(items.tower)'s layers", .operations, of: 0)
    let counter = Mutex(0)
    var product = product
    let progress = progress
    product.onMultiplyAdds = { count in
      counter.withLock { $0 += count }
      progress.add(count)
    }
    var layers = parameters.indices.filter {
      parameters[$0].tower == items.tower && parameters[$0].role == .tokenTable
    }.map { Survey.Layer(index: $0, rowCount: 0, before: 0) }
    let forward = ReferenceForward(model, product: product) { name, inputs in
      guard let index = parameters.firstIndex(where: { $0.name.description == name }) else { return }
      layers.append(
        Survey.Layer(index: index, rowCount: inputs.rowCount, before: counter.withLock { $0 }))
    }
    _ = try items.encode(forward)
    return Survey(layers: layers, multiplyAdds: counter.withLock { $0 })
  }

  private func measure(
    _ items: MeasuredItems, _ survey: Survey, _ rounding: LayerRounding,
    into found: inout [ParameterName: Sensitivity]
  ) throws(ModelError) {
    let copyCount = mostLayerValues / (items.count * items.largestLayer)
    let matricesAtOnce = max(1, (copyCount - 1) / 2)
    let passes = stride(from: 0, to: survey.layers.count, by: matricesAtOnce).map {
      survey.layers[$0..<min($0 + matricesAtOnce, survey.layers.count)]
    }
    let changed = survey.layers.reduce(0) { $0 + 2 * (survey.multiplyAdds - $1.before) }
    progress.begin(
      "measuring the \(items.tower)'s sensitivities", .operations,
      of: changed + passes.count * survey.multiplyAdds)
    for layers in passes {
      let costs = try costs(of: layers.map(\.index), items, rounding)
      for layer in layers {
        let parameter = model.schema.parameters[layer.index]
        let costs = costs[layer.index] ?? []
        found[parameter.name] = Sensitivity(
          weights: costs.first ?? 0, activations: costs.count > 1 ? costs[1] : 0,
          multiplyAdds: model.architecture.computedMultiplyAdds(
            of: parameter, rows: layer.rowCount / items.count))
      }
    }
  }

  /// The cost of each change of each matrix, all measured in one pass.
  private func costs(
    of indices: [Int], _ items: MeasuredItems, _ rounding: LayerRounding
  ) throws(ModelError) -> [Int: [Double]] {
    let parameters = model.schema.parameters
    let chosen = Dictionary(uniqueKeysWithValues: indices.map { (parameters[$0].name.description, $0) })
    var owners: [Int] = []
    let variation = Variation(itemCount: items.count) { name throws(ModelError) in
      guard let index = chosen[name] else { return [] }
      let changes = try rounding.changes(of: index)
      owners += changes.map { _ in index }
      return changes
    }
    var product = product
    let progress = progress
    product.onMultiplyAdds = { progress.add($0) }
    let embeddings = try items.encode(ReferenceForward(model, product: product, variation: variation))
    var costs: [Int: [Double]] = [:]
    for (copy, index) in owners.enumerated() {
      costs[index, default: []].append(embeddings.meanDistance(ofCopy: copy + 1, of: items.count))
    }
    return costs
  }
}

extension Tensor {
  /// Mean 1 − cos between the items of copy 0 and another copy.
  fileprivate func meanDistance(ofCopy copy: Int, of itemCount: Int) -> Double {
    (0..<itemCount).reduce(0) { $0 + distance(of: row($1), row(copy * itemCount + $1)) } / Double(itemCount)
  }

  /// 1 − cos. A vector of zeros has the distance 1 from every vector.
  private func distance(of one: ArraySlice<Float>, _ other: ArraySlice<Float>) -> Double {
    var (product, squares, otherSquares) = (0.0, 0.0, 0.0)
    for (one, other) in zip(one, other) {
      let (one, other) = (Double(one), Double(other))
      product += one * other
      squares += one * one
      otherSquares += other * other
    }
    let lengths = (squares * otherSquares).squareRoot()
    return lengths > 0 ? 1 - product / lengths : 1
  }
}
