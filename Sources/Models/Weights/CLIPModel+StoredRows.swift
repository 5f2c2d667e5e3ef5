internal import Architecture
package import BundleFormat
package import Quantization

extension CLIPModel {
  /// W as an int8 bundle stores it before rounding: rows in stored order, equalized.
  ///
  /// - Parameter index: of a matrix in the schema.
  package func storedRows(
    of index: Int, _ matrix: WeightMatrix, _ equalization: Equalization
  ) throws(ModelError) -> [Float] {
    let parameter = schema.parameters[index]
    var rows = [Float](repeating: 0, count: matrix.outputs * matrix.inputs)
    try withValues(of: parameter) { values in
      var span = rows.mutableSpan
      matrix.copyRows(0..<matrix.outputs, of: values, into: &span)
    }
    Equalization.scale(
      0..<matrix.outputs, inputs: matrix.inputs,
      rowFactors: equalization.rowFactors(of: index, rowCount: parameter.shape[0]),
      columnFactors: equalization.columnFactors(of: index), &rows)
    return rows
  }
}
