public import Archives
public import Models
public import PocketCLIP
public import ReferenceForward

/// Why two models cannot be compared. A comparison that ran and failed is a verdict, not an error.
public enum VerificationError: Error, Sendable, Equatable {
  case model(ModelError)
  case reading(ReadError)
  case runtime(PocketCLIPError)
  /// A golden file that breaks the rules of docs/GOLDEN.md.
  case golden(file: String, problem: String)
  /// The two sides have nothing in common to compare.
  case incomparable(String)
  /// The matrix product that was requested for the reference.
  case reference(MatrixProduct.Unavailable)
}

extension VerificationError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .model(let error): error.description
    case .reading(let error): error.description
    case .runtime(let error): error.message
    case .golden(let file, let problem): "not a golden file (\(file)): \(problem)"
    case .incomparable(let reason): "nothing to compare: \(reason)"
    case .reference(let error): "--reference openblas: \(error.reason)"
    }
  }

  /// What to do, one sentence.
  public var hint: String {
    switch self {
    case .model(let error): error.hint
    case .reading(let error): error.hint
    case .runtime:
      "`pocketclip info` shows the bundle; the environment variable PCLIP_ISA selects the kernels"
    case .golden: "docs/GOLDEN.md describes the format; Fixtures/golden has the script that makes one"
    case .incomparable: "compare a checkpoint with a bundle or golden file made from it"
    case .reference: "use --reference portable: it needs no library, and takes up to three times as long"
    }
  }

  /// The class of the failure, which determines the exit status.
  public var category: ReadError.Category {
    switch self {
    case .model(let error): error.category
    case .reading(let error): error.category
    case .runtime(let error):
      switch error.code {
      case .open: .cannotOpen
      case .memory: .memory
      case .unsupported, .noTower, .version: .unsupported
      case .argument, .buffer, .format, .content, .selfTest, .imageSize, .tokens, .notFinite: .badData
      }
    case .golden, .incomparable: .badData
    case .reference: .unsupported
    }
  }
}
