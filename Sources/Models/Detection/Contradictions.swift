internal import Architecture

/// Sizes in configurations that differ from the tensors' sizes.
///
/// Shapes are reliable: conv1's kernel shows the patch size, the positions show the image size. So the configuration
/// is wrong, and probably belongs to another model. Its heads, activation and epsilon are then wrong too, and no
/// tensor would show it.
struct Contradictions {
  /// Notes on unused configurations, with the reason.
  private(set) var notes: [String] = []
  private(set) var problems: [ModelError] = []
  private let sizes: CLIPArchitecture
  private let architectureName: String?
  private let configurations: [StatedFacts]

  /// - Parameters:
  ///   - configurations: the statements of each configuration file.
  ///   - architectureName: the option, whose sizes match the tensors.
  init(_ configurations: [StatedFacts], _ sizes: CLIPArchitecture, architectureName: String?) {
    self.configurations = configurations
    self.sizes = sizes
    self.architectureName = architectureName
  }

  /// Takes over the statements of a configuration, unless its sizes contradict the tensors.
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
      // The tokenizer is taken over anyway, because a configuration can only exclude OpenAI's.
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
          "\(first.text), but the tensors have \(first.actual): no setting comes from that configuration")
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

  /// Another configuration that fits the tensors and states all of these fields.
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
      "the configuration may belong to another model, and \(values) would come from it: give the model's own, or \(options(decided))"
    return error
  }

  /// `--architecture ViT-B-16 or ViT-B-16-quickgelu and --preprocess`, or the single options if no architecture has
  /// these sizes.
  private func options(_ decided: [DecidedField]) -> String {
    let names = ArchitectureCatalogue.entries(withSizesOf: sizes).map(\.name)
    guard !names.isEmpty else { return decided.map(\.option).withoutRepeats.joined(separator: ", ") }
    let rest = decided.filter { !$0.isOfArchitecture }.map(\.option).withoutRepeats
    return (["--architecture \(names.joined(separator: " or "))"] + rest).joined(separator: ", ")
  }
}

/// A stated size and the actual one.
private struct Contradiction {
  var stated: StatedSize
  var actual: Int

  /// Whether the model was truncated: it has fewer blocks than stated.
  var isCut: Bool { stated.isOfLayers && stated.value > actual }

  var text: String { "\(stated.field.rawValue) \(stated.value), as \(stated.detail) states" }
}

/// A setting that only one configuration provides.
private struct DecidedField {
  var field: String
  var value: String
  var option: String
  /// Whether `--architecture` determines it.
  var isOfArchitecture: Bool
}

extension StatedFacts {
  /// The settings that a source of lower rank would determine. A library's default epsilon does not count as a
  /// statement.
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
