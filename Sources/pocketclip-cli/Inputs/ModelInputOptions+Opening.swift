import Architecture
import Archives
import Models

extension ModelInputOptions {
  /// Reads the complete checkpoint even for one tower, because its bundle also stores the id of the other tower. If only
  /// the other tower is damaged, opens the requested one alone.
  func completeModel(_ paths: [String], _ console: Console) throws -> CLIPModel {
    let model = try openedModel(paths, console)
    for note in model.notes { console.note("note: \(note)") }
    return model
  }

  private func openedModel(_ paths: [String], _ console: Console) throws -> CLIPModel {
    var options = try modelOptions()
    let tower = options.tower
    options.tower = nil
    do throws(ModelError) {
      let model = try CLIPModel.open(paths, options: options)
      guard tower.map(model.architecture.has) ?? true else {
        throw ModelError(.towerAbsent, found: tower.map { "--tower \($0)" }, file: paths.first)
      }
      return model
    } catch {
      guard let tower, error.isAboutTensors else { throw error }
      options.tower = tower
      let model = try CLIPModel.open(paths, options: options)
      console.note("note: the other tower is not read, and its id is unknown: \(error)")
      return model
    }
  }

  /// The towers of a model that are to be used.
  func architecture(of model: CLIPModel) -> CLIPArchitecture {
    switch tower {
    case .image: model.architecture.keeping(image: true, text: false)
    case .text: model.architecture.keeping(image: false, text: true)
    case .both: model.architecture
    }
  }
}

extension ModelError {
  /// Whether the tensors of the file cause the error, not a missing setting.
  fileprivate var isAboutTensors: Bool {
    switch code {
    case .missingTensors, .unexpectedTensors, .wrongShape, .impossibleShape, .repeatedTensor,
      .unsupportedDType, .unsupportedArchitecture:
      true
    case .unreadable, .notCLIP, .unsupportedOption, .badReparametrization, .notFinite, .negativeVariance,
      .undecidedActivation, .undecidedHeads, .undecidedPreprocessing, .headsDoNotDivide,
      .unknownArchitectureName, .architectureContradictsTensors, .badConfiguration, .towerAbsent,
      .undecidedPooling, .undecidedScale, .configurationContradictsTensors, .cannotJoin, .adapterWithoutBase,
      .adapterDoesNotFit, .undecidedAdapter, .undecidedTextRules, .badTokenizer, .unsupportedTokenizer:
      false
    }
  }
}
