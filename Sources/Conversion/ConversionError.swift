public import BundleWriter
public import Models
public import PocketCLIP

/// Why nothing was written.
public enum ConversionError: Error {
  case write(BundleWriteError<ModelError>)
  case output(OutputError)
  /// The unfinished bundle could not be run on this machine.
  case runtime(PocketCLIPError)
  /// The towers asked for are not in the model.
  case model(ModelError)
}
