public import Architecture

extension Parameter {
  /// Whether it is a matrix that int8 towers round.
  public var hasForm: Bool {
    switch role {
    case .linear, .projection, .convolution, .tokenTable: true
    case .positions, .vector, .batchNorm, .logitScale, .logitBias: false
    }
  }
}

extension BundleDescription {
  /// The form of a matrix, by name.
  public struct StatedForm: Sendable, Equatable {
    public var name: ParameterName
    public var tower: Tower
    public var form: MatrixForm
  }

  /// Of each matrix of the int8 towers, in the order of the tensors.
  public var matrixForms: [StatedForm] {
    let parameters = ParameterSchema(architecture).parameters.filter { $0.hasForm }
    return Tower.allCases.flatMap { tower -> [StatedForm] in
      let (precision, forms) = tower == .image ? (imagePrecision, imageForms) : (textPrecision, textForms)
      guard precision == .int8 else { return [] }
      return parameters.filter { $0.tower == tower }.enumerated().map { index, parameter in
        StatedForm(
          name: parameter.name, tower: tower, form: index < forms.count ? forms[index] : .nearest)
      }
    }
  }
}
