internal import Archives
internal import Checkpoints

/// Long-CLIP's two tables of positions: the first 20 positions come from one table, the rest from the other.
///
/// Source: `CLIP.encode_text` of Long-CLIP (model/model_longclip.py), where two masks separate the tables.
struct LongPositions: StoredForm {
  private static let keptCount = 20
  private static let ending = "_res"

  let note =
    "positions 0 to 19 from positional_embedding, the others from positional_embedding_res (Long-CLIP)"

  func parts(of tensor: CheckpointTensor, _ byName: [String: CheckpointTensor]) -> StoredParts? {
    guard tensor.name == "positional_embedding", let second = byName[tensor.name + Self.ending] else {
      return nil
    }
    return StoredParts(name: tensor.name, first: tensor, second: second)
  }

  func weight(of parts: StoredParts) throws(ModelError) -> CheckpointTensor {
    let (kept, rest) = (parts.first, parts.second)
    guard kept.shape == rest.shape, kept.shape.count == 2, kept.shape[0] > Self.keptCount else {
      throw ModelError(
        .badReparametrization, tensor: rest.name,
        expected: "the shape of \(kept.name), \(kept.shape), with more than \(Self.keptCount) rows",
        found: "\(rest.shape)", file: rest.file)
    }
    let count = Self.keptCount * kept.shape[1]
    return try .computing(parts.name, shape: kept.shape, from: [kept, rest]) { () throws(ReadError) in
      Array(try kept.floats().prefix(count)) + Array(try rest.floats().dropFirst(count))
    }
  }
}
