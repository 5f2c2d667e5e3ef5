internal import Archives
internal import Checkpoints

/// The update that LoRA adds to one weight: s · B · A, with A `[r, K]` and B `[N, r]`.
///
/// Source: Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models" (2021); peft's `lora/layer.py`, kohya-ss's
/// `networks/lora.py`.
struct LowRankUpdate {
  /// The module whose weight it changes, by the adapter's name.
  var module: String
  var down, up: CheckpointTensor
  /// The scale times the rank, if the file holds it.
  var alpha: CheckpointTensor?

  /// Suffixes of the names of A and B. peft inserts the adapter's name before the last component until the model is
  /// merged.
  private static let ends = [
    (".lora_A.weight", ".lora_B.weight"), (".lora_A.default.weight", ".lora_B.default.weight"),
    (".lora_down.weight", ".lora_up.weight"), (".lora.down.weight", ".lora.up.weight"),
    (".lora_linear_layer.down.weight", ".lora_linear_layer.up.weight"),
  ]

  /// The update whose first matrix is `tensor`.
  init?(_ tensor: CheckpointTensor, _ byName: [String: CheckpointTensor]) {
    for (first, second) in Self.ends where tensor.name.hasSuffix(first) {
      module = String(tensor.name.dropLast(first.count))
      guard let up = byName[module + second] else { return nil }
      (down, self.up, alpha) = (tensor, up, byName[module + ".alpha"])
      return
    }
    return nil
  }

  static func isPart(_ name: String) -> Bool { name.contains(".lora_") || name.contains(".lora.") }

  /// The weight that the tensor of an update changes.
  static func weight(of part: String) -> String {
    let ends = [".lora_", ".lora."].compactMap { part.firstRange(of: $0)?.lowerBound }
    return (ends.min().map { String(part[..<$0]) } ?? part) + ".weight"
  }

  var names: [String] { [down.name, up.name] + (alpha.map { [$0.name] } ?? []) }

  var rank: Int { down.shape.first ?? 0 }

  /// The weight plus the update.
  ///
  /// - Parameter scale: s, unless the file has its own alpha.
  /// - Throws: `badReparametrization` if the matrices do not fit the weight.
  func added(to weight: CheckpointTensor, scale: Float, as name: String) throws(ModelError)
    -> CheckpointTensor
  {
    guard weight.shape.count == 2, down.shape == [rank, weight.shape[1]],
      up.shape == [weight.shape[0], rank],
      rank > 0, alpha?.elementCount ?? 1 == 1
    else {
      throw ModelError(
        .badReparametrization, tensor: down.name,
        expected: "matrices [r, K] and [N, r] for the weight \(weight.name), \(weight.shape)",
        found: "\(down.shape) and \(up.shape)", file: down.file)
    }
    return try .computing(name, shape: weight.shape, from: [weight, down, up]) { () throws(ReadError) in
      let own = try alpha?.floats().first.map { $0 / Float(rank) }
      return try product(own ?? scale, weight.floats(), down.floats(), up.floats())
    }
  }

  private func product(_ scale: Float, _ weight: [Float], _ down: [Float], _ up: [Float]) -> [Float] {
    let width = down.count / rank
    var row = [Double](repeating: 0, count: width)
    return [Float](unsafeUninitializedCapacity: weight.count) { result, count in
      for index in 0..<weight.count / width {
        for column in row.indices { row[column] = 0 }
        for middle in 0..<rank {
          let factor = Double(up[index * rank + middle])
          for column in row.indices { row[column] += factor * Double(down[middle * width + column]) }
        }
        for column in row.indices {
          result[index * width + column] = Float(
            Double(weight[index * width + column]) + Double(scale) * row[column])
        }
      }
      count = weight.count
    }
  }
}
