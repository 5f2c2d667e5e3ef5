internal import Architecture
public import BundleFormat
internal import Calibration
internal import Models
internal import Sensitivity
internal import Verification

/// The form of every matrix of an int8 bundle: what a conversion chose, and what another can repeat without measuring.
public struct Recipe: Sendable, Equatable {
  public struct Matrix: Sendable, Equatable {
    public var tensor: String
    public var form: MatrixForm
    /// Mean 1 − cos if only its weights, or only its inputs, are rounded; nil if the conversion did not measure it.
    public var weightError, inputError: Double?

    public init(tensor: String, form: MatrixForm, weightError: Double? = nil, inputError: Double? = nil) {
      self.tensor = tensor
      self.form = form
      self.weightError = weightError
      self.inputError = inputError
    }
  }

  /// Name of the architecture.
  public var model: String
  /// Id of the images and texts that chose roundings; empty if no matrix is calibrated.
  public var calibration: String
  /// In the order of the bundle's tensors.
  public var matrices: [Matrix]

  public init(model: String, calibration: String, matrices: [Matrix]) {
    self.model = model
    self.calibration = calibration
    self.matrices = matrices
  }

  /// The recipe that a bundle states.
  public init(_ bundle: BundleDescription) {
    model = String(decoding: bundle.model, as: UTF8.self)
    calibration = String(decoding: bundle.provenance.calibration, as: UTF8.self)
    matrices = bundle.matrixForms.map { Matrix(tensor: $0.name.description, form: $0.form) }
  }

  init(_ request: ConversionRequest, _ plan: StoragePlan, _ sensitivities: [ParameterName: Sensitivity]) {
    model = request.model.name
    matrices = request.matrices.compactMap { matrix in
      plan.form(of: matrix).map { form in
        let tensor = matrix.name.description
        let stated = request.recipe?.matrices.first { $0.tensor == tensor }
        let sensitivity = sensitivities[matrix.name]
        return Matrix(
          tensor: tensor, form: form, weightError: sensitivity?.weights ?? stated?.weightError,
          inputError: sensitivity?.activations ?? stated?.inputError)
      }
    }
    calibration = matrices.contains(where: \.form.isCalibrated) ? plan.calibration : ""
  }

  /// Whether calibration chose the roundings of some matrices.
  public var isCalibrated: Bool { matrices.contains(where: \.form.isCalibrated) }
}

/// Why a recipe does not fit a conversion.
public enum RecipeFault: Error, Sendable, Equatable {
  case unknownTensor(String)
  case repeatedTensor(String)
  case missingTensor(String)
  /// A token table's rows are not inputs of a product.
  case tableForm(String)
  /// Other images and texts than the recipe's would choose other roundings.
  case otherCalibration(expected: String, found: String)
}

extension Recipe {
  /// Whether it names each matrix to write once, and nothing else but matrices of the model's other tower.
  func check(_ request: ConversionRequest) throws(RecipeFault) {
    var missing = Dictionary(
      uniqueKeysWithValues: request.matrices.map { ($0.name.description, $0) })
    let known = missing
    let others = Set(request.model.schema.parameters.filter(\.hasForm).map { $0.name.description })
      .subtracting(known.keys)
    for matrix in matrices where !others.contains(matrix.tensor) {
      guard let parameter = known[matrix.tensor] else { throw .unknownTensor(matrix.tensor) }
      guard missing.removeValue(forKey: matrix.tensor) != nil else { throw .repeatedTensor(matrix.tensor) }
      guard matrix.form.fitsTable || parameter.role != .tokenTable else { throw .tableForm(matrix.tensor) }
    }
    if let first = request.matrices.first(where: { missing[$0.name.description] != nil }) {
      throw .missingTensor(first.name.description)
    }
    let found = request.calibration.id
    let usesCalibration = matrices.contains { $0.form.isCalibrated && known[$0.tensor] != nil }
    guard !usesCalibration || calibration == found else {
      throw .otherCalibration(expected: calibration, found: found)
    }
  }

  /// - Parameter rounding: chosen values for all matrices, or nearest.
  func plan(rounding: StoragePlan) -> StoragePlan {
    var plan = rounding
    for matrix in matrices {
      let name = ParameterName(utf8: Array(matrix.tensor.utf8))
      if !matrix.form.isCalibrated { plan.nearest.insert(name) }
      if matrix.form == .half { plan.halves.insert(name) }
      if matrix.form.hasWideInputs { plan.wideInputs.insert(name) }
    }
    return plan
  }
}
