internal import Archives
internal import TensorTypes

/// The tensors of an object that PyTorch pickled: which of its values are tensors, and what they hold.
protocol TorchTensors {
  var graph: PickleGraph { get }
  var limits: Limits { get }

  /// Whether `value` stands for a tensor, readable or not.
  func isTensor(_ value: PickleValue) -> Bool

  /// The tensor behind `value`.
  ///
  /// - Throws: what its container refuses a tensor for, with the tensor's name.
  mutating func tensor(_ value: PickleValue, name: String) throws(ReadError) -> CheckpointTensor

  /// Bytes that a tensor's elements take, for reports on what was ignored; zero when that cannot be told.
  func statedByteCount(_ value: PickleValue) -> Int
}

extension CheckpointTensor {
  /// A view as a pickle describes it.
  ///
  /// - Throws: `tensorRecordInvalid`, `numberOverflow`, `tensorOutsideStorage`, or `limitExceeded` where strides of
  ///   zero repeat values without storing them: what is computed must stay in proportion to the file.
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
