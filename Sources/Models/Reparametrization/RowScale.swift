internal import Archives
internal import Checkpoints

/// A weight stored as directions and lengths of its rows: row i is gᵢ · vᵢ / ‖vᵢ‖.
struct RowScale: StoredForm {
  /// Suffixes of the names of lengths and directions.
  var lengths, directions: String
  /// The lower bound of a norm.
  var leastNorm: Double
  var note: String

  /// zer0int's geometric parametrization of CLIP, `r * F.normalize(theta)`, in which the lower bound of a norm is
  /// 1e-12.
  static let geometric = RowScale(
    lengths: ".r", directions: ".theta", leastNorm: 1e-12,
    note: "r · θ / ‖θ‖ by rows (geometric parametrization)")

  /// `torch.nn.utils.weight_norm` by rows, its default.
  static let weightNorm = RowScale(
    lengths: ".weight_g", directions: ".weight_v", leastNorm: 0, note: "g · v / ‖v‖ by rows (weight norm)")

  /// `torch.nn.utils.parametrizations.weight_norm`.
  static let parametrized = RowScale(
    lengths: ".parametrizations.weight.original0", directions: ".parametrizations.weight.original1",
    leastNorm: 0, note: "g · v / ‖v‖ by rows (weight norm)")

  func parts(of tensor: CheckpointTensor, _ byName: [String: CheckpointTensor]) -> StoredParts? {
    guard tensor.name.hasSuffix(lengths) else { return nil }
    let module = tensor.name.dropLast(lengths.count)
    guard let second = byName[module + directions] else { return nil }
    return StoredParts(name: module + ".weight", first: tensor, second: second)
  }

  func weight(of parts: StoredParts) throws(ModelError) -> CheckpointTensor {
    let (lengths, directions) = (parts.first, parts.second)
    guard let rows = directions.shape.first, rows > 0, lengths.elementCount == rows,
      lengths.shape.first == rows, directions.elementCount > 0
    else {
      throw ModelError(
        .badReparametrization, tensor: lengths.name,
        expected: "one length for each row of \(directions.name), \(directions.shape)",
        found: "\(lengths.shape)", file: lengths.file)
    }
    let leastNorm = leastNorm
    return try .computing(parts.name, shape: directions.shape, from: [directions, lengths]) {
      () throws(ReadError) in
      var values = try directions.floats()
      let scales = try lengths.floats()
      let width = values.count / rows
      for row in 0..<rows {
        let range = row * width..<(row + 1) * width
        let square = values[range].reduce(0) { $0 + Double($1) * Double($1) }
        let factor = Double(scales[row]) / max(square.squareRoot(), leastNorm)
        for index in range { values[index] = Float(Double(values[index]) * factor) }
      }
      return values
    }
  }
}

extension CheckpointTensor {
  /// Computes the tensor, with the errors of this module.
  static func computing(
    _ name: String, shape: [Int], from parts: [CheckpointTensor], _ compute: @escaping Computation
  ) throws(ModelError) -> CheckpointTensor {
    do throws(ReadError) {
      return try CheckpointTensor(computing: name, shape: shape, from: parts, compute)
    } catch {
      throw ModelError(error)
    }
  }
}
