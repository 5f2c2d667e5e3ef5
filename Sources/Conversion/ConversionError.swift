public import BundleFormat
public import BundleWriter
public import Models
public import Output
public import PocketCLIP
public import Verification

/// Why nothing was written.
public enum ConversionError: Error {
  case write(BundleWriteError<ModelError>)
  case output(OutputError)
  /// The unfinished bundle could not be run on this machine.
  case runtime(PocketCLIPError)
  /// The unfinished bundle could not be compared with its source.
  case verification(VerificationError)
  /// The bundle misses the required fidelity; nothing was written. One report per arithmetic.
  case belowDemand([Report], Precision)
  /// A bundle of these forms has more bytes than allowed.
  case tooLarge(Int, most: Int, forms: String)
  case recipe(RecipeFault)
}
