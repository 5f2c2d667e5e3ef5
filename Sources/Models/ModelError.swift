public import Archives

/// Why a checkpoint is not, or not yet, a CLIP that can be run: one family with `ReadError`, one line, one hint.
public struct ModelError: Error, Sendable, Equatable {
  /// Raw values are stable and appear in `--json` output; no `ReadError` has one of them.
  public enum Code: UInt16, Sendable, Equatable, Hashable, CaseIterable {
    /// Opening or reading failed: `cause` tells why.
    case unreadable = 700

    // 710: what it is.
    case notCLIP = 710
    case unsupportedArchitecture = 711
    case unsupportedOption = 712

    // 720: tensors against the schema.
    case missingTensors = 720
    case unexpectedTensors = 721
    case wrongShape = 722
    case impossibleShape = 723
    case repeatedTensor = 724
    case unsupportedDType = 725
    case badReparametrization = 726

    // 740: values.
    case notFinite = 740
    case negativeVariance = 741

    // 760: what tensors do not say.
    case undecidedActivation = 760
    case undecidedHeads = 761
    case undecidedPreprocessing = 762
    case headsDoNotDivide = 763
    case unknownArchitectureName = 764
    case architectureContradictsTensors = 765
    case badConfiguration = 766
    case towerAbsent = 767
    case undecidedPooling = 768
    case undecidedScale = 769
    case configurationContradictsTensors = 770

    // 780: two files as one model.
    case cannotJoin = 780
    case adapterWithoutBase = 781
    case adapterDoesNotFit = 782
    case undecidedAdapter = 783
  }

  public var code: Code
  public var file: String?
  /// The tensor, by the name the file uses.
  public var tensor: String?
  public var expected, found: String?
  /// What a reader reported.
  public var cause: ReadError?
  /// What to do, where the facts of this case tell more than the code alone.
  public var remedy: String?

  public init(
    _ code: Code, tensor: String? = nil, expected: String? = nil, found: String? = nil, file: String? = nil
  ) {
    self.code = code
    self.tensor = tensor
    self.expected = expected
    self.found = found
    self.file = file
  }

  public init(_ cause: ReadError) {
    code = .unreadable
    self.cause = cause
  }

  /// The class of the failure, which is its exit status.
  public var category: ReadError.Category {
    switch code {
    case .unreadable: cause?.category ?? .badData
    case .unsupportedArchitecture, .unsupportedOption, .unsupportedDType: .unsupported
    case .notCLIP, .missingTensors, .unexpectedTensors, .wrongShape, .impossibleShape, .repeatedTensor,
      .badReparametrization, .notFinite, .negativeVariance, .undecidedActivation, .undecidedHeads,
      .undecidedPreprocessing, .headsDoNotDivide, .unknownArchitectureName, .architectureContradictsTensors,
      .badConfiguration, .towerAbsent, .undecidedPooling, .undecidedScale, .configurationContradictsTensors,
      .cannotJoin, .adapterWithoutBase, .adapterDoesNotFit, .undecidedAdapter:
      .badData
    }
  }

  /// What the user can do, one sentence.
  public var hint: String { remedy ?? cause?.hint ?? code.hint }

  func inFile(_ path: String) -> ModelError {
    var error = self
    error.file = error.file ?? path
    return error
  }
}

extension ModelError: CustomStringConvertible {
  /// One line: `file: what (expected, found) in tensor`.
  public var description: String {
    if let cause { return cause.description }
    return ErrorLine(
      file: file, what: code.summary, expected: expected, found: found,
      places: tensor.map { ["tensor " + $0.printable(ErrorLine.nameLength)] } ?? []
    ).text
  }
}
