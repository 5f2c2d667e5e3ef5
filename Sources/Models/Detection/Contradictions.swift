internal import Architecture

/// Sizes that configurations state and the tensors do not have.
///
/// A shape proves its size: the patch is as large as conv1's kernel, the image as large as the positions allow. So the
/// configuration is wrong, and most likely another model's. Its heads, activation and epsilon are then another model's
/// too, and no tensor would show that.
struct Contradictions {
  /// Configurations that are not used, and why.
  private(set) var notes: [String] = []
  private(set) var problems: [ModelError] = []
  private let sizes: CLIPArchitecture
  private let architectureName: String?
  private let configurations: [StatedFacts]

  /// - Parameters:
  ///   - configurations: what each configuration states, one element a file.
  ///   - architectureName: the option's, whose sizes are the tensors'.
  init(_ configurations: [StatedFacts], _ sizes: CLIPArchitecture, architectureName: String?) {
    self.configurations = configurations
    self.sizes = sizes
    self.architectureName = architectureName
  }

  /// Takes over what a configuration states, unless its sizes are not the tensors'.
  mutating func fill(_ facts: inout StatedFacts, from configuration: StatedFacts) {
    let contradicted = contradicted(configuration)
    guard let first = contradicted.first else {
      facts.fill(from: configuration)
      return
    }
    if let witness = architectureName.map({ "--architecture \($0)" }) ?? witness(contradicted) {
      notes.append(
        "\(first.text), but the tensors have \(first.actual), as \(witness) does: that configuration is not used"
      )
      // What it says about the tokenizer can only take one away.
      facts.tokenizer = facts.tokenizer ?? configuration.tokenizer
      return
    }
    if let cut = contradicted.first(where: \.isCut) {
      problems.append(
        ModelError(.missingTensors, expected: "\(cut.text)", found: "\(cut.actual)"))
    } else {
      let decided = facts.decided(by: configuration, sizes)
      if decided.isEmpty {
        notes.append(
          "\(first.text), but the tensors have \(first.actual): that configuration decides nothing")
      } else {
        problems.append(problem(contradicted, decided))
      }
    }
    facts.fill(from: configuration)
  }

  private func contradicted(_ configuration: StatedFacts) -> [Contradiction] {
    configuration.sizes.compactMap { stated in
      guard let actual = sizes.size(stated.field), actual != stated.value else { return nil }
      return Contradiction(stated: stated, actual: actual)
    }
  }

  /// Another configuration that fits the tensors, and states every one of these fields.
  private func witness(_ contradicted: [Contradiction]) -> String? {
    configurations.first { other in
      self.contradicted(other).isEmpty
        && contradicted.allSatisfy { item in other.sizes.contains { $0.field == item.stated.field } }
    }?.sizes.first?.detail
  }

  private func problem(_ contradicted: [Contradiction], _ decided: [DecidedField]) -> ModelError {
    let first = contradicted[0]
    let others = contradicted.dropFirst().map {
      "\($0.stated.field.rawValue) \($0.actual), not \($0.stated.value)"
    }
    var error = ModelError(
      .configurationContradictsTensors, expected: first.text,
      found: (["\(first.actual)"] + others).joined(separator: "; "))
    let values = decided.map { "\($0.field) \($0.value)" }.joined(separator: ", ")
    error.remedy =
      "the configuration may be another model's, and \(values) would come from it: give the model's own, or \(options(decided))"
    return error
  }

  /// `--architecture ViT-B-16 or ViT-B-16-quickgelu and --preprocess`, or the single options where no architecture has
  /// these sizes.
  private func options(_ decided: [DecidedField]) -> String {
    let names = ArchitectureCatalogue.openCLIPEntries(withSizesOf: sizes).map(\.name)
    guard !names.isEmpty else { return decided.map(\.option).withoutRepeats.joined(separator: ", ") }
    let rest = decided.filter { !$0.isOfArchitecture }.map(\.option).withoutRepeats
    return (["--architecture \(names.joined(separator: " or "))"] + rest).joined(separator: ", ")
  }
}

/// One size as stated and as it is.
private struct Contradiction {
  var stated: StatedSize
  var actual: Int

  /// Blocks that are stated and not there have been cut off.
  var isCut: Bool { stated.isOfLayers && stated.value > actual }

  var text: String { "\(stated.field.rawValue) \(stated.value), as \(stated.detail) states" }
}

/// A setting that would come from one configuration.
private struct DecidedField {
  var field: String
  var value: String
  var option: String
  /// Whether `--architecture` decides it.
  var isOfArchitecture: Bool
}

extension StatedFacts {
  /// What a source of lower rank would decide. A library's own epsilon is no statement of the configuration's.
  fileprivate func decided(by other: StatedFacts, _ sizes: CLIPArchitecture) -> [DecidedField] {
    var fields: [DecidedField] = []
    let towers = [
      ("image", sizes.image != nil, image, other.image), ("text", sizes.text != nil, text, other.text),
    ]
    for (name, isPresent, mine, theirs) in towers where isPresent {
      if mine.heads == nil, let heads = theirs.heads {
        fields.append(
          DecidedField(
            field: "\(name).heads", value: "\(heads.value)", option: "--heads", isOfArchitecture: true))
      }
      if mine.activation == nil, let activation = theirs.activation {
        fields.append(
          DecidedField(
            field: "\(name).activation", value: activation.value.fieldText, option: "--activation",
            isOfArchitecture: true))
      }
      if mine.epsilon == nil, let epsilon = theirs.epsilon, epsilon.source != .libraryDefault {
        fields.append(
          DecidedField(
            field: "\(name).epsilon", value: "\(epsilon.value)", option: "--epsilon", isOfArchitecture: true))
      }
    }
    if sizes.text != nil, pooling == nil, let pooling = other.pooling {
      fields.append(
        DecidedField(
          field: "text.pooling", value: pooling.value.fieldText, option: "--pooling", isOfArchitecture: true))
    }
    if sizes.image != nil, preprocessing == nil, let preprocessing = other.preprocessing {
      fields.append(
        DecidedField(
          field: "preprocessing", value: preprocessing.value.fieldText, option: "--preprocess",
          isOfArchitecture: false))
    }
    return fields
  }
}

extension [String] {
  fileprivate var withoutRepeats: [String] {
    reduce(into: []) { result, item in if !result.contains(item) { result.append(item) } }
  }
}
