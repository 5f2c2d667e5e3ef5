import Archives
import BundleFormat
import BundleWriter
import Conversion
import Export
import ImageFiles
import Models
import Output
import PocketCLIP
import Quantization
import Verification

extension Failure {
  /// The hint for a bug.
  static let bugReport = "report this with the command that led to it"

  /// The layers' typed errors as one message, one hint and one exit status.
  init(describing error: any Error) {
    switch error {
    case let error as Failure: self = error
    case let error as ReadError:
      self.init(error.category.exitStatus, error.description, hint: error.hint, cause: error)
      shownLines = error.lines
    case let error as ModelError:
      self.init(error.category.exitStatus, error.description, hint: error.hint, cause: error.cause)
      shownLines = error.lines
    case let error as ConversionError: self.init(error)
    case let error as ExportError: self.init(error)
    case let error as VerificationError: self.init(error)
    case let error as PocketCLIPError:
      self.init(.internal, error.message, hint: Self.bugReport)
    default:
      self.init(.internal, "unexpected: \(error)", hint: Self.bugReport)
    }
  }
}

extension ReadError.Category {
  var exitStatus: ExitStatus {
    switch self {
    case .cannotOpen: .input
    case .badData: .data
    case .unsupported: .unsupported
    case .memory: .memory
    }
  }
}

extension ImageFileError {
  var exitStatus: ExitStatus {
    switch code {
    case .unreadable: .input
    case .noMemory: .memory
    case .empty, .truncated, .undecodable, .tooLarge, .tooManyScans: .data
    case .unsupported: .unsupported
    }
  }
}

extension Failure {
  init(_ error: OutputError) { self.init(.output, error.description, hint: error.hint) }

  fileprivate init(_ error: ExportError) {
    switch error {
    case .model(let error): self.init(describing: error)
    case .weights(let error): self.init(.data, error.description, hint: error.hint)
    case .output(let error): self.init(error)
    case .cancelled:
      self.init(Interruption.status, "interrupted: nothing was written", hint: Interruption.again)
    case .refused(let refusal): self.init(.unsupported, refusal.description, hint: refusal.hint)
    }
  }

  fileprivate init(_ error: VerificationError) {
    switch error {
    case .model(let error): self.init(describing: error)
    case .reading(let error): self.init(describing: error)
    case .runtime(let runtime):
      self =
        Self.environment(runtime)
        ?? Failure(error.category.exitStatus, error.description, hint: error.hint)
    case .golden, .incomparable, .reference:
      self.init(error.category.exitStatus, error.description, hint: error.hint)
    }
  }

  /// For FP32 there is no higher precision to suggest.
  private static func remedy(_ precision: Precision) -> String {
    let bound = "state the cosine that you accept with --min-cosine"
    return switch precision {
    case .int8: "use --precision fp16 or fp32, or \(bound)"
    case .fp16: "use --precision fp32, or \(bound)"
    case .fp32: bound
    }
  }

  private init(_ fault: RecipeFault) {
    let found =
      switch fault {
      case .unknownTensor(let name):
        "the recipe names \(name), which is no matrix of this model or of these towers"
      case .repeatedTensor(let name): "the recipe names \(name) twice"
      case .missingTensor(let name): "the recipe does not name \(name)"
      case .tableForm(let name):
        "the recipe gives \(name) calibrated rounding or 16-bit inputs, which a table cannot have"
      case .otherCalibration(let expected, let found):
        "the recipe's roundings were chosen on \(expected), these would be on \(found)"
      }
    let hint =
      switch fault {
      case .otherCalibration("", let found): "state \(found) as the recipe's calibration"
      case .otherCalibration: "give --calibrate and --calibrate-texts what the recipe's conversion had"
      case .unknownTensor, .repeatedTensor, .missingTensor, .tableForm:
        "take a recipe from a conversion of the same architecture and towers"
      }
    self.init(.data, found, hint: hint)
  }

  fileprivate init(_ error: ConversionError) {
    switch error {
    case .write(.source(let error)): self.init(describing: error)
    case .write(.weights(let error)): self.init(.data, error.description, hint: error.hint)
    case .write(.output(let error)), .output(let error):
      self.init(error)
    case .write(.description(let fault)):
      self.init(
        .unsupported, "a bundle cannot hold this model: it breaks the rule that \(fault.rule.summary)",
        hint: "report the architecture: its numbers are beyond those of any published model")
    case .verification(let error): self.init(describing: error)
    case .belowDemand(let reports, let precision):
      let bounds = reports.missedBounds
      self.init(
        .answerIsNo, "nothing was written: \(bounds.joined(separator: "; "))", hint: Self.remedy(precision))
      if bounds.count > 1 { shownLines = ["nothing was written: \(bounds.count) bounds are missed"] + bounds }
    case .tooLarge(let byteCount, let most, let forms):
      self.init(
        .answerIsNo,
        "nothing was written: \(byteCount) bytes (\(forms)), --max-size is \(most)",
        hint: "allow that size, keep less in FP16, or accept a smaller cosine with --min-cosine")
    case .recipe(let fault): self.init(fault)
    case .runtime(let error):
      if let failure = Self.environment(error) {
        self = failure
        return
      }
      let status: ExitStatus = error.code == .memory ? .memory : .internal
      self.init(status, "the new bundle does not run: \(error.message)", hint: Self.hint(error.code))
    }
  }

  /// The error if an environment variable requests what does not exist or what this machine lacks; nil for any other.
  private static func environment(_ error: PocketCLIPError) -> Failure? {
    if error.isAboutVariable {
      return Failure(.usage, error.message, hint: "correct the environment variable, or unset it")
    }
    guard error.code == .unsupported, !error.message.contains("; ") else { return nil }
    return Failure(
      .unsupported, error.message, hint: "unset PCLIP_ISA, so that this machine's fastest kernels run")
  }
}
