package import Architecture
package import TensorTypes

/// Canonical FP32 values of a model's parameters, wherever they come from: a published checkpoint, a bundle of our
/// own, or the synthetic generator.
package protocol ParameterStore: Sendable {
  /// Writes the values from flat index `first` on, C order, as many as `output` holds.
  func read(
    _ parameter: Parameter, from first: Int, into output: UnsafeMutableBufferPointer<Float>
  ) throws(ModelError)

  /// Calls `body` with the values where they lie, if they lie there as aligned FP32 in the canonical layout, and
  /// with nil otherwise.
  func withMappedValues<Result>(
    of parameter: Parameter, _ body: (UnsafeBufferPointer<Float>?) -> Result
  ) throws(ModelError) -> Result

  /// The element type that the source stores.
  func storedType(of parameter: Parameter) -> DType

  /// Gives back memory that reading took; the values stay readable.
  func release(_ parameter: Parameter)
}
