extension CheckpointTensor {
  /// The same values with the axes in another order, as NumPy's `transpose(axes)`.
  ///
  /// - Precondition: `axes` is a permutation of the tensor's axes.
  package func permuted(_ axes: [Int]) -> CheckpointTensor {
    precondition(axes.sorted() == Array(shape.indices), "no permutation of the axes of \(name)")
    return CheckpointTensor(
      viewing: self, name: name, shape: axes.map { shape[$0] }, strides: axes.map { strides[$0] })
  }

  /// The same values with neighbouring axes made one, the first of them slowest.
  ///
  /// - Returns: nil where the axes do not lie behind one another in the storage, or the shape has no such axes.
  package func merging(_ axes: ClosedRange<Int>) -> CheckpointTensor? {
    guard shape.indices.contains(axes.lowerBound), shape.indices.contains(axes.upperBound) else { return nil }
    for axis in axes.dropLast() where shape[axis] != 1 {
      guard strides[axis] == strides[axis + 1] * shape[axis + 1] else { return nil }
    }
    var (shape, strides) = (shape, strides)
    shape.replaceSubrange(axes, with: [shape[axes].reduce(1, *)])
    strides.replaceSubrange(axes, with: [strides[axes.upperBound]])
    return CheckpointTensor(viewing: self, name: name, shape: shape, strides: strides)
  }
}
