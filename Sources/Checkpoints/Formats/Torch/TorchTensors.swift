internal import Archives

/// The tensors of an object that PyTorch pickled: which of its values are tensors, and what they hold.
protocol TorchTensors {
  var graph: PickleGraph { get }

  /// Whether `value` stands for a tensor, readable or not.
  func isTensor(_ value: PickleValue) -> Bool

  /// The tensor behind `value`.
  ///
  /// - Throws: what its container refuses a tensor for, with the tensor's name.
  mutating func tensor(_ value: PickleValue, name: String) throws(ReadError) -> CheckpointTensor

  /// Bytes that a tensor's elements take, for reports on what was ignored; zero when that cannot be told.
  func statedByteCount(_ value: PickleValue) -> Int
}
