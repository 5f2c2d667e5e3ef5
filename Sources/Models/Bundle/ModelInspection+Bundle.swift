internal import Architecture
internal import Archives
internal import BundleFormat
internal import Checkpoints

extension ModelInspection {
  /// A bundle states every setting, so nothing is detected, and the only permitted option is the tower.
  ///
  /// - Throws: also `unreadable` with the broken rule of the bundle.
  init(_ checkpoint: Checkpoint, bundle: MappedFile, options: ModelOptions) throws(ModelError) {
    let weights: BundleWeights
    do throws(ReadError) { weights = try BundleWeights(bundle) } catch { throw ModelError(error) }
    try options.requireOnlyTower()
    let description = weights.header.description
    var architecture = description.architecture
    if let tower = options.tower {
      architecture = architecture.keeping(image: tower == .image, text: tower == .text)
      guard architecture.image != nil || architecture.text != nil else {
        throw ModelError(.towerAbsent, found: "--tower \(tower)")
      }
    }
    let schema = ParameterSchema(architecture, score: description.score)
    self.init(
      checkpoint: checkpoint.stating(description.provenance), convention: "OpenAI",
      architecture: architecture,
      preprocessing: architecture.image == nil ? nil : description.preprocessing,
      tokenizer: architecture.text == nil ? .none : weights.header.tokenizer(of: bundle),
      decisions: [
        Decision(field: "everything", value: "as stated", source: .evidence, detail: "the bundle's header")
      ],
      accounting: Accounting(usedCount: weights.header.tensors.count),
      notes: checkpoint.notes + checkpoint.notesOnAdapter + schema.notesOnLogitScale(architecture),
      problems: [],
      inheritedSpace: description.spaceID, schema: schema,
      store: BundleStore(weights: weights))
  }
}

extension Checkpoint {
  /// Notes an adapter next to a bundle. Adapters are read only next to weights, so it has no effect.
  fileprivate var notesOnAdapter: [String] {
    guard let adapter = evidence.adapterFile else { return [] }
    return [
      "\(adapter.name) beside the bundle is not merged: convert the checkpoint with the adapter instead"
    ]
  }

  fileprivate func stating(_ provenance: Provenance) -> Checkpoint {
    var checkpoint = self
    checkpoint.evidence.licence = Statement(inBundle: provenance.license)
    checkpoint.evidence.attribution = Statement(inBundle: provenance.attribution)
    return checkpoint
  }
}

extension Statement {
  /// Nil for an empty field.
  fileprivate init?(inBundle text: [UInt8]) {
    guard !text.isEmpty else { return nil }
    self.init(text: String(decoding: text, as: UTF8.self), origin: "bundle metadata")
  }
}

extension ModelOptions {
  /// Rejects all options but the tower, because a bundle's settings are part of its identity.
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
