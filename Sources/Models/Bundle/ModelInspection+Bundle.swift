internal import Architecture
internal import BundleFormat
internal import Checkpoints

extension ModelInspection {
  /// A bundle states everything, so nothing is detected, and nothing but the choice of a tower can be asked of it.
  init(_ checkpoint: Checkpoint, bundle: BundleWeights, options: ModelOptions) throws(ModelError) {
    try options.requireOnlyTower()
    let description = bundle.header.description
    var architecture = description.architecture
    if let tower = options.tower {
      architecture = architecture.keeping(image: tower == .image, text: tower == .text)
      guard architecture.image != nil || architecture.text != nil else {
        throw ModelError(.towerAbsent, found: "--tower \(tower)")
      }
    }
    let schema = ParameterSchema(architecture, score: description.score)
    self.init(
      checkpoint: checkpoint, convention: "OpenAI", architecture: architecture,
      preprocessing: architecture.image == nil ? nil : description.preprocessing,
      tokenizer: architecture.text == nil ? .none : description.tokenizer,
      decisions: [
        Decision(field: "everything", value: "as stated", source: .evidence, detail: "the bundle's header")
      ],
      accounting: Accounting(usedCount: bundle.header.tensors.count),
      notes: checkpoint.notes + schema.notesOnLogitScale(architecture), problems: [],
      inheritedIdentities: Identities(image: description.imageID, text: description.textID), schema: schema,
      store: BundleStore(weights: bundle))
  }
}

extension ModelOptions {
  /// What a bundle says is part of its identity: it cannot be told otherwise.
  fileprivate func requireOnlyTower() throws(ModelError) {
    var others = self
    others.tower = nil
    others.selection = Selection()
    guard others == ModelOptions() else {
      var error = ModelError(
        .unsupportedOption, expected: "no option but --tower: a bundle states everything itself",
        found: "an architecture, activation, heads, epsilon, preprocessing, resize or tokenizer option")
      error.remedy = "leave the option out; to change what a bundle states, convert its checkpoint again"
      throw error
    }
  }
}
