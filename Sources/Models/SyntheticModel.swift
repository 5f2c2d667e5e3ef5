internal import Architecture
internal import Archives
internal import SyntheticWeights
internal import TensorTypes

extension CLIPModel {
  /// The prefix of the spelling of a synthetic model.
  private static let syntheticPrefix = "synthetic:"

  /// Whether a user's argument is the spelling of a synthetic model, not a path.
  public static func isSynthetic(_ path: String) -> Bool { path.hasPrefix(syntheticPrefix) }

  /// A full-size model whose weights are generated on demand: `synthetic:ViT-B-32`, or with a profile of
  /// docs/SYNTHETIC.md `synthetic:ViT-L-14:channels-50`.
  ///
  /// OpenAI's nine are named as in file names (`ViT-L-14-336px`) and use QuickGELU; other names are the catalogue's.
  ///
  /// - Throws: `unknownArchitectureName`, also for an unknown profile.
  public init(synthetic spelling: String) throws(ModelError) {
    let parts = spelling.dropFirst(Self.syntheticPrefix.count).split(
      separator: ":", omittingEmptySubsequences: false
    ).map(String.init)
    guard let architecture = Self.syntheticArchitecture(parts[0]) else {
      throw ArchitectureCatalogue.unknown(parts[0])
    }
    guard parts.count <= 2, let profile = SyntheticWeights.Profile(parts.count > 1 ? parts[1] : "plain")
    else {
      throw Self.unknownProfile(parts.dropFirst().joined(separator: ":"))
    }
    let schema = ParameterSchema(architecture)
    let isOpenAIVocabulary = architecture.text?.vocabularySize == OpenAIConvention.vocabularySize
    self.init(
      architecture: architecture, preprocessing: .openAI,
      tokenizer: isOpenAIVocabulary ? .openAI : .none, schema: schema,
      decisions: [
        Decision(field: "everything", value: parts[0], source: .option, detail: "synthetic weights")
      ],
      accounting: Accounting(usedCount: schema.parameters.count),
      source: ModelSource(format: "synthetic", fileName: spelling),
      store: SyntheticStore(weights: SyntheticWeights(profile: profile)))
  }

  private static func unknownProfile(_ name: String) -> ModelError {
    let names = SyntheticWeights.Profile.allCases.map(\.description)
    var error = ModelError(
      .unsupportedOption, expected: "a profile of synthetic weights", found: "'\(name)'")
    let nearest = NearestName.of(name, in: names).map { "did you mean \($0)? " } ?? ""
    error.remedy = nearest + "the profiles are \(names.joined(separator: ", "))"
    return error
  }

  private static func syntheticArchitecture(_ name: String) -> CLIPArchitecture? {
    let official = ArchitectureCatalogue.openAI.first {
      $0.name.replacing("/", with: "-").replacing("@", with: "-") == name
    }
    return official?.architecture ?? ArchitectureCatalogue.architecture(named: name)
  }
}

/// Parameters that are generated; any part can be read at any time.
private struct SyntheticStore: ParameterStore {
  let weights: SyntheticWeights

  func read(
    _ parameter: Parameter, from first: Int, into output: UnsafeMutableBufferPointer<Float>
  ) throws(ModelError) {
    do throws(SyntheticWeightsError) {
      try weights.fill(
        output, name: parameter.name.description, shape: parameter.shape, from: first)
    } catch {
      throw ModelError(.missingTensors, found: error.description)
    }
  }

  func withMappedValues<Result>(
    of parameter: Parameter, _ body: (UnsafeBufferPointer<Float>?) -> Result
  ) throws(ModelError) -> Result {
    body(nil)
  }

  func storedType(of parameter: Parameter) -> DType { .f32 }

  /// Does nothing, because values are not kept.
  func release(_ parameter: Parameter) {}
}
