internal import Architecture
internal import Models
internal import TensorTypes

/// A model's parameters as a port with `WeightChange`s reads them.
struct AlteredStore: ParameterStore {
  let original: any ParameterStore
  let changes: [WeightChange]
  let parameters: [String: Parameter]

  func read(
    _ parameter: Parameter, from first: Int, into output: UnsafeMutableBufferPointer<Float>
  ) throws(ModelError) {
    let name = parameter.name.description
    let active = changes.filter { $0.affects(name) }
    guard !active.isEmpty else { return try original.read(parameter, from: first, into: output) }
    let source = parameters[active.reduce(name) { $1.source($0) }] ?? parameter
    var values = [Float](repeating: 0, count: source.elementCount)
    var outcome = Result<Void, ModelError>.success(())
    values.withUnsafeMutableBufferPointer { buffer in
      do throws(ModelError) {
        try original.read(source, from: 0, into: buffer)
      } catch {
        outcome = .failure(error)
      }
    }
    try outcome.get()
    for change in active { values = change.values(values, parameter.shape) }
    guard values.count == parameter.elementCount else {
      return try original.read(parameter, from: first, into: output)
    }
    for index in output.indices { output[index] = values[first + index] }
  }

  func withMappedValues<Result>(
    of parameter: Parameter, _ body: (UnsafeBufferPointer<Float>?) -> Result
  ) throws(ModelError) -> Result {
    guard !changes.contains(where: { $0.affects(parameter.name.description) }) else { return body(nil) }
    return try original.withMappedValues(of: parameter, body)
  }

  func storedType(of parameter: Parameter) -> DType { original.storedType(of: parameter) }

  func release(_ parameter: Parameter) { original.release(parameter) }
}

extension CLIPModel {
  /// The model as a port with these mistakes computes it.
  func altered(_ recipe: ModelRecipe) -> CLIPModel {
    let parameters = Dictionary(
      schema.parameters.map { ($0.name.description, $0) }, uniquingKeysWith: { first, _ in first })
    let store: any ParameterStore =
      recipe.weights.isEmpty
      ? store : AlteredStore(original: store, changes: recipe.weights, parameters: parameters)
    return CLIPModel(
      architecture: recipe.architecture, preprocessing: preprocessing, tokenizer: tokenizer, schema: schema,
      accounting: accounting, source: source, store: store)
  }
}
