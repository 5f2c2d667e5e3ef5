/// A row-major FP32 array, the only value type in the reference.
public struct Tensor: Sendable, Equatable {
  /// Slowest axis first.
  public var shape: [Int]
  public var values: [Float]

  /// - Precondition: as many values as the shape has elements.
  public init(_ shape: [Int], _ values: [Float]) {
    precondition(values.count == shape.reduce(1, *), "\(values.count) values for shape \(shape)")
    self.shape = shape
    self.values = values
  }

  /// Values that `fill` writes completely.
  init(_ shape: [Int], filling fill: (UnsafeMutableBufferPointer<Float>) -> Void) {
    let count = shape.reduce(1, *)
    self.shape = shape
    values = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      fill(UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
      initialized = count
    }
  }

  /// The last axis: channels.
  public var width: Int { shape.last ?? 1 }
  /// Everything but the last axis.
  public var rowCount: Int { width == 0 ? 0 : values.count / width }

  /// One row of the last axis.
  public func row(_ index: Int) -> ArraySlice<Float> { values[index * width..<(index + 1) * width] }

  /// The same values under another shape.
  func reshaped(_ shape: [Int]) -> Tensor { Tensor(shape, values) }

  /// Rows scaled to unit length, lengths summed in double precision.
  public var normalized: Tensor {
    var result = self
    for index in 0..<rowCount {
      let squares = row(index).reduce(0.0) { $0 + Double($1) * Double($1) }
      let scale = squares > 0 ? 1 / squares.squareRoot() : 0
      for column in 0..<width {
        result.values[index * width + column] = Float(Double(values[index * width + column]) * scale)
      }
    }
    return result
  }
}
