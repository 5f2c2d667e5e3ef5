public import Architecture

// Spelling of values in reports, options and metadata.

extension Activation {
  /// `quickgelu`, `gelu` or `gelu_tanh`.
  public var fieldText: String {
    switch self {
    case .quickGELU: "quickgelu"
    case .gelu: "gelu"
    case .geluTanh: "gelu_tanh"
    }
  }
}

extension TokenizerKind {
  public var fieldText: String {
    switch self {
    case .openAI: "openai"
    case .table: "table"
    case .none: "none"
    }
  }
}

extension TextPooling {
  public var fieldText: String {
    switch self {
    case .highestID: "highest id"
    case .firstID(let id): "first id \(id)"
    case .last: "last position"
    }
  }
}

extension TextPooling {
  /// The spelling of `--pooling`.
  public var optionText: String {
    switch self {
    case .highestID: "highest"
    case .firstID(let id): "first:\(id)"
    case .last: "last"
    }
  }
}

extension Preprocessing.Backend {
  /// The spelling of `--resize-backend`.
  public var fieldText: String {
    switch self {
    case .pillow: "pillow"
    case .torchvision: "torchvision"
    case .torchvisionFloat: "torchvision_float"
    }
  }
}

extension Preprocessing.Alpha {
  /// The spelling of `--alpha`.
  public var fieldText: String {
    switch self {
    case .drop: "drop"
    case .white: "white"
    }
  }
}

extension Preprocessing {
  /// `openai`, or the resize rule, interpolation, mean and standard deviation.
  public var fieldText: String {
    if self == .openAI { return "openai" }
    let deviation = standardDeviation
    let edge = resizeEdge.map { " \($0)" } ?? ""
    let transparency = alpha == .drop ? "" : ", alpha on \(alpha)"
    return """
      \(resize)\(edge) \(interpolation) by \(backend.fieldText), crop \(crop), RGB \(conversion)\(transparency), mean \(mean.red) \(mean.green) \(mean.blue), \
      std \(deviation.red) \(deviation.green) \(deviation.blue)
      """
  }
}
