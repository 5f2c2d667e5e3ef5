internal import Archives
internal import Checkpoints

/// A pruned weight, `torch.nn.utils.prune`: the original weight times a mask of zeros and ones.
struct MaskedWeight: StoredForm {
  private static let mask = "weight_mask"
  private static let original = "weight_orig"

  let note = "weight_orig · weight_mask (pruned)"

  func parts(of tensor: CheckpointTensor, _ byName: [String: CheckpointTensor]) -> StoredParts? {
    guard tensor.name.hasSuffix(Self.mask) else { return nil }
    let module = tensor.name.dropLast(Self.mask.count)
    guard let original = byName[module + Self.original] else { return nil }
    return StoredParts(name: module + "weight", first: tensor, second: original)
  }

  func weight(of parts: StoredParts) throws(ModelError) -> CheckpointTensor {
    let (mask, original) = (parts.first, parts.second)
    guard mask.shape == original.shape else {
      throw ModelError(
        .badReparametrization, tensor: mask.name,
        expected: "the shape of \(original.name), \(original.shape)",
        found: "\(mask.shape)", file: mask.file)
    }
    return try .computing(parts.name, shape: original.shape, from: [original, mask]) { () throws(ReadError) in
      zip(try original.floats(), try mask.floats()).map(*)
    }
  }
}
