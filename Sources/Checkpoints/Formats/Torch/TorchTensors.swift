internal import Archives
internal import TensorTypes

/// The tensors of an object that PyTorch pickled: which values are tensors, and their content.
protocol TorchTensors {
  var graph: PickleGraph { get }
  var limits: Limits { get }

  /// Whether `value` represents a tensor, readable or not.
  func isTensor(_ value: PickleValue) -> Bool

  /// The tensor that `value` represents.
  ///
  /// - Throws: the container's errors, with the tensor's name.
  mutating func tensor(_ value: PickleValue, name: String) throws(ReadError) -> CheckpointTensor

  /// Bytes of a tensor's elements, for reports on ignored entries; zero if unknown.
  func statedByteCount(_ value: PickleValue) -> Int
}

extension CheckpointTensor {
  /// A view as a pickle describes it.
  ///
  /// - Throws: `tensorRecordInvalid`, `numberOverflow`, `tensorOutsideStorage`, or `limitExceeded` if strides of zero
  ///   repeat values without storing them, because computed data must stay in proportion to the file.
  init(
    name: String, dtype: DType, shape: [Int], strides: [Int], storageOffset: Int, isBigEndian: Bool,
    storage: any ByteSource, file: String, limits: Limits
  ) throws(ReadError) {
    try self.init(
      name: name, dtype: dtype, shape: shape, strides: strides, storageOffset: storageOffset,
      isBigEndian: isBigEndian, storage: storage, file: file)
    guard byteCount <= storage.byteCount || elementCount <= limits.expandedElements else {
      throw ReadError(
        .limitExceeded, expected: "at most \(limits.expandedElements) repeated elements",
        found: "\(elementCount)")
    }
  }
}
