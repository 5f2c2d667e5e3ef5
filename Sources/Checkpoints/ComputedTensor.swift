package import Archives
internal import TensorTypes

extension CheckpointTensor {
  /// Gives as many values as the tensor has, in C order.
  package typealias Computation = @Sendable () throws(ReadError) -> [Float]

  /// A tensor that the file holds in another form, as others.
  ///
  /// - Precondition: `shape` has as many elements as `compute` gives.
  /// - Throws: `numberOverflow` or `limitExceeded`.
  package init(
    computing name: String, shape: [Int], from parts: [CheckpointTensor], _ compute: @escaping Computation
  ) throws(ReadError) {
    guard let strides = StridedLayout.rowMajorStrides(of: shape),
      let count = TensorTypes.elementCount(of: shape)
    else { throw ReadError(.numberOverflow, found: "shape \(shape)", path: [.tensor(name)]) }
    let values = ComputedBytes(
      byteCount: count * MemoryLayout<Float>.size, from: parts.map { $0.storage }
    ) { output throws(ReadError) in
      try compute().withUnsafeBytes {
        output.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0.prefix(output.count)))
      }
    }
    try self.init(
      name: name, dtype: .f32, shape: shape, strides: strides, storageOffset: 0, storage: values,
      file: parts.first?.file ?? "")
  }
}
