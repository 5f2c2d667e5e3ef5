internal import Architecture
internal import Models

/// Canonical tensors by name, one in memory at a time unless the caller keeps it.
struct CanonicalWeights {
  private let model: CLIPModel
  /// Receives every layer's inputs.
  let observeInputs: ReferenceForward.InputObserver?
  /// Changed copies of the items that run too.
  let variation: Variation?
  private let parameters: [String: Parameter]

  init(
    _ model: CLIPModel, observeInputs: ReferenceForward.InputObserver? = nil, variation: Variation? = nil
  ) {
    self.model = model
    self.observeInputs = observeInputs
    self.variation = variation
    parameters = Dictionary(
      uniqueKeysWithValues: model.schema.parameters.map { ($0.name.description, $0) })
  }

  func callAsFunction(_ name: String) throws(ModelError) -> Tensor {
    let parameter = try parameter(name)
    let values = try model.values(of: parameter)
    model.release(parameter)
    return Tensor(parameter.shape, values)
  }

  /// Rows of a table in the requested order → `[rows, width]`.
  func rows(_ indices: [Int], of name: String) throws(ModelError) -> Tensor {
    let table = try parameter(name)
    let (count, width) = (table.shape[0], table.shape[1])
    var values: [Float] = []
    values.reserveCapacity(indices.count * width)
    for index in indices {
      guard (0..<count).contains(index) else {
        throw ModelError(.wrongShape, tensor: name, expected: "ids below \(count)", found: "\(index)")
      }
      values += try model.values(of: table, in: index * width..<(index + 1) * width)
    }
    model.release(table)
    return Tensor([indices.count, width], values)
  }

  private func parameter(_ name: String) throws(ModelError) -> Parameter {
    guard let parameter = parameters[name] else { throw ModelError(.missingTensors, found: name) }
    return parameter
  }
}
