internal import Architecture
internal import Models
internal import ReferenceForward

/// Every setting between an input and its vector, as data. The model's own settings give the right vectors; a mistake
/// changes some of them.
struct Trial: Sendable {
  var image: ImageRecipe?
  var text: TextRecipe?
  var model: ModelRecipe
  /// Input i belongs to row `rowOrder[i]` of the given vectors; nil if rows are in the order of the inputs.
  var rowOrder: [Int]?

  /// The model's own settings.
  init(_ model: CLIPModel) {
    image = model.preprocessing.map(ImageRecipe.init)
    text = model.architecture.text.map { TextRecipe(contextLength: $0.contextLength) }
    self.model = ModelRecipe(architecture: model.architecture)
  }
}

/// The settings of the forward pass.
struct ModelRecipe: Sendable {
  var architecture: CLIPArchitecture
  var weights: [WeightChange] = []
  var departures = Departures()

  init(architecture: CLIPArchitecture) { self.architecture = architecture }

  /// Values of an embedding.
  func outputWidth(_ tower: Tower) -> Int {
    switch tower {
    case .image:
      guard let image = architecture.image else { return 0 }
      return departures.omitsProjection ? image.width : image.outputWidth
    case .text:
      guard let text = architecture.text else { return 0 }
      return departures.omitsProjection ? text.stack.width : text.outputWidth
    }
  }
}
