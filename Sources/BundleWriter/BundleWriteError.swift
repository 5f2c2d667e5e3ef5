public import BundleFormat
public import Output
public import Quantization

/// Why a bundle was not written. Nothing remains under its name.
public enum BundleWriteError<SourceFailure: Error>: Error {
  /// Reading the weights failed.
  case source(SourceFailure)
  /// The weights cannot be stored at this precision.
  case weights(QuantizationError)
  /// The output cannot be created or written.
  case output(OutputError)
  /// A bundle cannot state the description.
  case description(BundleFault)
}
