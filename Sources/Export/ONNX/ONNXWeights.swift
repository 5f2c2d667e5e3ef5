internal import Architecture
internal import BundleFormat
internal import Models
internal import Quantization

/// The tensors of a model's parameters in a graph.
struct ONNXWeights {
  private let recipes: [String: TensorRecipe]

  /// At int8, finds the powers of two that equalize PocketCLIP's int8 bundles first, so that the integers equal
  /// theirs.
  init(_ model: CLIPModel, _ precision: Precision, threads: Int) throws(ExportError) {
    let parameters = model.schema.parameters
    let equalization: Equalization
    do throws(ModelError) {
      equalization =
        precision == .int8
        ? try Equalization(of: model, parameters, threads: threads) { _ in true } : Equalization()
    } catch { throw .model(error) }
    var recipes: [String: TensorRecipe] = [:]
    for (index, parameter) in parameters.enumerated() {
      var recipe = TensorRecipe(parameter, parameter.role.isWeight ? precision.form : .float32)
      if case .linear = parameter.role, precision == .int8 { recipe.axes = [1, 0] }
      recipe.outputFactors = equalization.rowFactors(of: index, rowCount: parameter.shape.first ?? 1)
      recipe.inputFactors = equalization.columnFactors(of: index)
      recipes[parameter.name.description] = recipe
    }
    self.recipes = recipes
  }

  /// - Precondition: the name is one of the model's schema, which the graphs follow.
  func recipe(_ name: String) -> TensorRecipe {
    guard let recipe = recipes[name] else { preconditionFailure("the schema has no \(name)") }
    return recipe
  }
}

extension Precision {
  fileprivate var form: StoredForm {
    switch self {
    case .fp32: .float32
    case .fp16: .float16
    case .int8: .int8
    }
  }
}
