internal import Architecture

extension ModelInspection {
  /// The first problem that prevents running the model; nil if there is none. If several settings are missing, its
  /// hint lists the options for all of them.
  public var refusal: ModelError? {
    guard var refusal = problems.first else { return nil }
    let options = missingOptions(Set(problems.map(\.code)))
    if options.count > 1, refusal.code.isUndecided {
      refusal.remedy =
        "give \(options.joined(separator: ", and ")); a wrong value lowers accuracy without any error"
    }
    return refusal
  }

  private func missingOptions(_ open: Set<ModelError.Code>) -> [String] {
    var options: [String] = []
    let names = open.isSuperset(of: [.undecidedActivation, .undecidedHeads]) ? namesOfSize : nil
    if let names {
      options.append("--architecture \(names)")
    } else {
      if open.contains(.undecidedActivation) {
        options.append("--activation gelu (\(Self.geluModels)) or quickgelu (\(Self.quickGELUModels))")
      }
      if open.contains(.undecidedHeads) { options.append("--heads \(usualHeads)") }
    }
    if open.contains(.undecidedPooling), names == nil { options.append("--pooling \(usualPooling)") }
    if open.contains(.undecidedTextRules) { options.append("--text-rules NAME or --tokenizer none") }
    if open.contains(.undecidedPreprocessing) {
      options.append(
        architecture.family == .sigLIP
          ? ModelError.sigLIPPreprocessing
          : "--preprocess openai (also LAION, DataComp, MetaCLIP) or CONFIG.json")
    }
    return options
  }

  /// `ViT-B-32 (LAION, DataComp) or ViT-B-32-quickgelu (OpenAI, DFN, MetaCLIP)`; nil if no published model has these
  /// sizes.
  private var namesOfSize: String? {
    let names = ArchitectureCatalogue.entries(withSizesOf: architecture).map { entry in
      guard let text = entry.architecture.text, text.vocabularySize == OpenAIConvention.vocabularySize else {
        return entry.name
      }
      return "\(entry.name) (\(text.stack.activation == .gelu ? Self.geluModels : Self.quickGELUModels))"
    }
    return names.isEmpty ? nil : names.joined(separator: " or ")
  }

  /// The pooling of published models of these sizes, or the choices.
  private var usualPooling: String {
    guard let entry = ArchitectureCatalogue.entries(withSizesOf: architecture).first,
      let pooling = entry.architecture.text?.pooling
    else { return "highest or first:ID" }
    return "\(pooling.optionText) (as \(entry.name))"
  }

  private static let geluModels = "LAION, DataComp"
  private static let quickGELUModels = "OpenAI, DFN, MetaCLIP"

  /// `12,8 (if each has 64 channels, as in OpenAI's models)`.
  private var usualHeads: String {
    let widths = [architecture.image?.width, architecture.text?.stack.width].compactMap { $0 }
    guard widths.allSatisfy({ $0 % Self.usualHeadSize == 0 }) else { return "IMAGE,TEXT" }
    let heads = widths.map { "\($0 / Self.usualHeadSize)" }.joined(separator: ",")
    return "\(heads) (if each has \(Self.usualHeadSize) channels, as in OpenAI's models)"
  }

  private static let usualHeadSize = 64
}

extension ModelError {
  fileprivate static let sigLIPPreprocessing =
    "--preprocess CONFIG.json (transformers' preprocessor_config.json of this model)"

  /// The error with the options that fit the family: SigLIP's pixels are not OpenAI's.
  func advised(for family: ModelFamily) -> ModelError {
    guard family == .sigLIP, code == .undecidedPreprocessing else { return self }
    var error = self
    error.remedy =
      "give \(Self.sigLIPPreprocessing); a wrong one gives wrong image vectors without any error"
    return error
  }
}

extension ModelError.Code {
  /// Whether options can solve every problem.
  public var isUndecided: Bool {
    switch self {
    case .undecidedActivation, .undecidedHeads, .undecidedPreprocessing, .undecidedPooling, .undecidedScale,
      .undecidedTextRules:
      true
    case .unreadable, .notCLIP, .unsupportedArchitecture, .unsupportedOption, .missingTensors,
      .unexpectedTensors,
      .wrongShape, .impossibleShape, .repeatedTensor, .unsupportedDType, .badReparametrization, .notFinite,
      .negativeVariance, .headsDoNotDivide, .unknownArchitectureName, .architectureContradictsTensors,
      .badConfiguration, .towerAbsent, .configurationContradictsTensors, .cannotJoin, .adapterWithoutBase,
      .adapterDoesNotFit, .undecidedAdapter, .badTokenizer, .unsupportedTokenizer:
      false
    }
  }
}
