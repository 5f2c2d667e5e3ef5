package import Architecture
package import TensorTypes

/// Canonical FP32 values of a model's parameters from any source: a published checkpoint, a PocketCLIP bundle, or the
/// synthetic generator.
package protocol ParameterStore: Sendable {
  /// Writes `output.count` values from flat index `first` on, in C order.
  func read(
    _ parameter: Parameter, from first: Int, into output: UnsafeMutableBufferPointer<Float>
  ) throws(ModelError)

  /// Calls `body` with the mapped values if the source stores them as aligned FP32 in the canonical layout, otherwise
  /// with nil.
  func withMappedValues<Result>(
    of parameter: Parameter, _ body: (UnsafeBufferPointer<Float>?) -> Result
  ) throws(ModelError) -> Result

  /// The element type that the source stores.
  func storedType(of parameter: Parameter) -> DType

  /// The tensors of the source that hold the values.
  func origin(of parameter: Parameter) -> ParameterOrigin

  /// Releases memory that reading used. Values can still be read.
  func release(_ parameter: Parameter)
}

extension ParameterStore {
  /// For a source with canonical names.
  package func origin(of parameter: Parameter) -> ParameterOrigin {
    ParameterOrigin(
      names: [parameter.name.description], types: [storedType(of: parameter).safetensorsName.description])
  }
}
