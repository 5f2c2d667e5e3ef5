internal import Architecture
internal import Models
internal import TensorTypes

/// What can be taken from A alone: a setting, or tensors that belong together.
struct Exchange: Hashable {
  enum Setting: String, CaseIterable {
    case preprocessing = "preprocess"
    case imageActivation = "image.activation"
    case imageHeads = "image.heads"
    case imageEpsilon = "image.epsilon"
    case textActivation = "text.activation"
    case textHeads = "text.heads"
    case textEpsilon = "text.epsilon"
    case textPooling = "text.pooling"

    var tower: Tower {
      switch self {
      case .preprocessing, .imageActivation, .imageHeads, .imageEpsilon: .image
      case .textActivation, .textHeads, .textEpsilon, .textPooling: .text
      }
    }
  }

  enum Content: Hashable {
    case setting(Setting)
    case tensors(Set<ParameterName>)
  }

  var content: Content
  var part: Bisection.Part
}

/// B with parts of A.
struct Mixture {
  let a, b: CLIPModel

  /// Settings of a tower that differ and enter its embeddings.
  func settings(of tower: Tower) -> [Exchange.Setting] {
    Exchange.Setting.allCases.filter { setting in
      guard setting.tower == tower else { return false }
      var changed = MixedSettings(b)
      changed.take(setting, from: a)
      return changed != MixedSettings(b)
    }
  }

  /// B, with the towers' parts of A.
  func model(taking parts: [Exchange]) -> CLIPModel {
    var settings = MixedSettings(b)
    var names: Set<ParameterName> = []
    for part in parts {
      switch part.content {
      case .setting(let setting): settings.take(setting, from: a)
      case .tensors(let tensors): names.formUnion(tensors)
      }
    }
    let taken = a.schema.parameters.filter { names.contains($0.name) }
    return CLIPModel(
      architecture: settings.architecture, preprocessing: settings.preprocessing, tokenizer: b.tokenizer,
      schema: b.schema, accounting: b.accounting, source: b.source,
      store: MixedStore(
        base: b.store, other: a.store,
        taken: Dictionary(taken.map { ($0.name, $0) }) { first, _ in first }))
  }
}

private struct MixedSettings: Equatable {
  var architecture: CLIPArchitecture
  var preprocessing: Preprocessing?

  init(_ model: CLIPModel) {
    architecture = model.architecture
    preprocessing = model.preprocessing
  }

  mutating func take(_ setting: Exchange.Setting, from model: CLIPModel) {
    let (image, text) = (model.architecture.image, model.architecture.text)
    switch setting {
    case .preprocessing: preprocessing = model.preprocessing
    case .imageActivation: architecture.image?.activation = image?.activation
    case .imageHeads: architecture.image?.heads = image?.heads
    case .imageEpsilon: if let image { architecture.image?.epsilon = image.epsilon }
    case .textActivation: if let text { architecture.text?.stack.activation = text.stack.activation }
    case .textHeads: if let text { architecture.text?.stack.heads = text.stack.heads }
    case .textEpsilon: if let text { architecture.text?.stack.epsilon = text.stack.epsilon }
    case .textPooling: if let text { architecture.text?.pooling = text.pooling }
    }
  }
}

/// Reads some parameters from another model.
private struct MixedStore: ParameterStore {
  let base, other: any ParameterStore
  /// As the other model describes them.
  let taken: [ParameterName: Parameter]

  func read(
    _ parameter: Parameter, from first: Int, into output: UnsafeMutableBufferPointer<Float>
  ) throws(ModelError) {
    if let own = taken[parameter.name] { return try other.read(own, from: first, into: output) }
    try base.read(parameter, from: first, into: output)
  }

  func withMappedValues<Result>(
    of parameter: Parameter, _ body: (UnsafeBufferPointer<Float>?) -> Result
  ) throws(ModelError) -> Result {
    if let own = taken[parameter.name] { return try other.withMappedValues(of: own, body) }
    return try base.withMappedValues(of: parameter, body)
  }

  func storedType(of parameter: Parameter) -> DType {
    taken[parameter.name].map(other.storedType) ?? base.storedType(of: parameter)
  }

  func release(_ parameter: Parameter) {
    if let own = taken[parameter.name] { return other.release(own) }
    base.release(parameter)
  }
}
