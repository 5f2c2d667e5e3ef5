public import Archives

/// Why a checkpoint cannot be run as a CLIP, or needs more settings. Like `ReadError`: one line and one hint.
public struct ModelError: Error, Sendable, Equatable {
  /// Raw values are stable and appear in `--json` output. They differ from those of `ReadError`.
  public enum Code: UInt16, Sendable, Equatable, Hashable, CaseIterable {
    /// Opening or reading failed; `cause` holds the reason.
    case unreadable = 700

    // 710: the kind of model.
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

    // 760: settings that tensors do not determine.
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
    case undecidedTextRules = 771

    // 780: two files as one model.
    case cannotJoin = 780
    case adapterWithoutBase = 781
    case adapterDoesNotFit = 782
    case undecidedAdapter = 783

    // 790: the tokenizer.
    case badTokenizer = 790
    case unsupportedTokenizer = 791
  }

  public var code: Code
  public var file: String?
  /// The tensor, by its name in the file.
  public var tensor: String?
  public var expected, found: String?
  /// The reader's error.
  public var cause: ReadError?
  /// What to do, if the details allow more than the code's own hint.
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

  /// The class of the failure, which determines the exit status.
  public var category: ReadError.Category {
    switch code {
    case .unreadable: cause?.category ?? .badData
    case .unsupportedArchitecture, .unsupportedOption, .unsupportedDType, .unsupportedTokenizer: .unsupported
    case .notCLIP, .missingTensors, .unexpectedTensors, .wrongShape, .impossibleShape, .repeatedTensor,
      .badReparametrization, .notFinite, .negativeVariance, .undecidedActivation, .undecidedHeads,
      .undecidedPreprocessing, .headsDoNotDivide, .unknownArchitectureName, .architectureContradictsTensors,
      .badConfiguration, .towerAbsent, .undecidedPooling, .undecidedScale, .configurationContradictsTensors,
      .cannotJoin, .adapterWithoutBase, .adapterDoesNotFit, .undecidedAdapter, .undecidedTextRules,
      .badTokenizer:
      .badData
    }
  }

  /// What to do, one sentence.
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
    cause?.description ?? errorLine.text
  }

  /// The same for a terminal, facts on lines of their own where one would be long.
  public var lines: [String] { cause?.lines ?? errorLine.lines }

  private var errorLine: ErrorLine {
    ErrorLine(
      file: file, what: code.summary, expected: expected, found: found,
      places: tensor.map { ["tensor " + $0.printable(ErrorLine.nameLength)] } ?? [])
  }
}
