internal import Architecture
internal import Archives
internal import Checkpoints
internal import TensorTypes

/// Parameters restored from a PocketCLIP bundle.
struct BundleStore: ParameterStore {
  let weights: BundleWeights

  func read(
    _ parameter: Parameter, from first: Int, into output: UnsafeMutableBufferPointer<Float>
  ) throws(ModelError) {
    do throws(ReadError) {
      try weights.read(parameter, from: first, into: output)
    } catch {
      throw ModelError(error)
    }
  }

  /// Never maps: padding and panels differ from the canonical layout.
  func withMappedValues<Result>(
    of parameter: Parameter, _ body: (UnsafeBufferPointer<Float>?) -> Result
  ) throws(ModelError) -> Result {
    body(nil)
  }

  func storedType(of parameter: Parameter) -> DType { weights.storedType(of: parameter) ?? .f32 }

  func release(_ parameter: Parameter) { weights.release(parameter) }
}
