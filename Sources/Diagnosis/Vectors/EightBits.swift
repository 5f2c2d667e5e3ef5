internal import ReferenceForward

extension Tensor {
  /// Unit vectors in each 8-bit form that vector stores use, as floats again.
  ///
  /// - Parameter withStatistics: also the forms whose range is that of all rows.
  func roundedToEightBits(withStatistics: Bool) -> [Tensor] {
    var forms = [
      // A step of 1 / 127: usearch's i8, and what `(127 * x).astype(int8)` gives.
      rounded { _, _ in (0, 1 / 127) },
      // A step for each row.
      rounded { row, _ in (0, self.row(row).reduce(0) { max($0, abs($1)) } / 127) },
    ]
    guard withStatistics, rowCount > 1 else { return forms }
    let largest = values.reduce(0) { max($0, abs($1)) }
    forms.append(rounded { _, _ in (0, largest / 127) })
    // 256 levels between the least and the largest value of each column: faiss's QT_8bit, `quantize_embeddings` of
    // sentence-transformers.
    let ranges = columnRanges
    forms.append(rounded { _, column in (ranges[column].least, ranges[column].length / 255) })
    return forms
  }

  /// Each value moved to the nearest multiple of a step above an offset.
  private func rounded(_ grid: (_ row: Int, _ column: Int) -> (offset: Float, step: Float)) -> Tensor {
    let grids = (0..<rowCount).flatMap { row in (0..<width).map { grid(row, $0) } }
    return Tensor(
      shape,
      zip(values, grids).map { value, grid in
        grid.step > 0 ? grid.offset + ((value - grid.offset) / grid.step).rounded() * grid.step : value
      })
  }

  private var columnRanges: [(least: Float, length: Float)] {
    (0..<width).map { column in
      var (least, largest) = (Float.infinity, -Float.infinity)
      for row in 0..<rowCount {
        let value = values[row * width + column]
        (least, largest) = (min(least, value), max(largest, value))
      }
      return (least, largest - least)
    }
  }
}
