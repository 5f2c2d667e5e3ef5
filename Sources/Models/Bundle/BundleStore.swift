internal import Architecture
internal import Archives
package import BundleFormat
internal import Checkpoints
internal import TensorTypes

extension CLIPModel {
  /// What the header states; nil for a source that is no bundle.
  package var bundle: BundleDescription? { (store as? BundleStore)?.weights.header.description }
}

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

  /// A BatchNorm is folded, so that some of its tensors are not stored.
  func origin(of parameter: Parameter) -> ParameterOrigin {
    guard let type = weights.storedType(of: parameter) else { return ParameterOrigin(names: [], types: []) }
    return ParameterOrigin(names: [parameter.name.description], types: [type.safetensorsName.description])
  }

  func release(_ parameter: Parameter) { weights.release(parameter) }
}
