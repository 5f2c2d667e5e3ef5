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
  /// The layers' typed errors as one message, one hint and one exit status.
  init(describing error: any Error) {
    switch error {
    case let error as Failure: self = error
    case let error as ReadError:
      self.init(error.category.exitStatus, error.description, hint: error.hint, cause: error)
    case let error as ModelError:
      self.init(error.category.exitStatus, error.description, hint: error.hint, cause: error.cause)
    case let error as ConversionError: self.init(error)
    case let error as ExportError: self.init(error)
    case let error as VerificationError:
      self.init(error.category.exitStatus, error.description, hint: error.hint)
    case let error as PocketCLIPError:
      self.init(.internal, error.message)
    default:
      self.init(.internal, "unexpected: \(error)", hint: "please report this with the command that led to it")
    }
  }
}

extension ReadError.Category {
  var exitStatus: ExitStatus {
    switch self {
    case .cannotOpen: .cannotOpen
    case .badData: .badData
    case .unsupported: .unsupported
    }
  }
}

extension ImageFileError {
  var exitStatus: ExitStatus {
    switch code {
    case .unreadable, .noMemory: .cannotOpen
    case .truncated, .undecodable, .tooLarge, .tooManyScans: .badData
    case .unsupported: .unsupported
    }
  }
}

extension Failure {
  init(_ error: OutputError) { self.init(.cannotCreate, error.description, hint: error.hint) }

  fileprivate init(_ error: ExportError) {
    switch error {
    case .model(let error): self.init(describing: error)
    case .weights(let error): self.init(.badData, error.description, hint: error.hint)
    case .output(let error): self.init(error)
    case .cancelled: self.init(Interruption.status, "interrupted: nothing was written")
    case .refused(let refusal): self.init(.unsupported, refusal.description, hint: refusal.hint)
    }
  }

  /// There is no precision above FP32's.
  private static func remedy(_ precision: Precision) -> String {
    let bound = "say with --min-cosine what is good enough for you"
    return switch precision {
    case .int8: "take --precision fp16 or fp32, or \(bound)"
    case .fp16: "take --precision fp32, or \(bound)"
    case .fp32: bound
    }
  }

  fileprivate init(_ error: ConversionError) {
    switch error {
    case .write(.source(let error)): self.init(describing: error)
    case .write(.weights(let error)): self.init(.badData, error.description, hint: error.hint)
    case .write(.output(let error)), .output(let error):
      self.init(error)
    case .write(.description(let fault)):
      self.init(
        .unsupported, "a bundle cannot hold this model: it breaks the rule that \(fault.rule.summary)",
        hint: "report the architecture: its numbers are beyond those of any published model")
    case .verification(let error): self.init(describing: error)
    case .belowDemand(let report, let precision):
      self.init(
        .verificationFailed, "nothing was written: \(report.reasons.joined(separator: "; "))",
        hint: Self.remedy(precision))
    case .runtime(let error): self.init(.internal, "the new bundle does not run: \(error.message)")
    }
  }
}
