import Architecture
import BundleFormat
import Models

extension ModelOptions {
  /// Options that the user did not give, filled from a bundle of the checkpoint. A bundle with one tower selects only that
  /// tower.
  func filled(from bundle: BundleDescription) -> ModelOptions {
    let architecture = bundle.architecture
    var options = filled(from: architecture, architecture.image == nil ? nil : bundle.preprocessing)
    switch (architecture.image, architecture.text) {
    case (.some, nil): options.tower = tower ?? .image
    case (nil, .some): options.tower = tower ?? .text
    case (.some, .some), (nil, nil): break
    }
    return options
  }

  /// Options that the user did not give, filled from another model.
  func filled(from architecture: CLIPArchitecture, _ preprocessing: Preprocessing?) -> ModelOptions {
    let (image, text) = (architecture.image, architecture.text?.stack)
    var options = self
    if architectureName == nil {
      options.heads.image = heads.image ?? image?.heads
      options.heads.text = heads.text ?? text?.heads
      options.activation.image = activation.image ?? image?.activation
      options.activation.text = activation.text ?? text?.activation
    }
    options.pooling = pooling ?? architecture.text?.pooling
    if let preprocessing { options.preprocessing = self.preprocessing ?? .exactly(preprocessing) }
    return options
  }
}
