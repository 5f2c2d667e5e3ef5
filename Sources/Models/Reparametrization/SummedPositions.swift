internal import Archives
internal import Checkpoints

/// Text positions in two tables, which are added: some of SigLIP's files, in which an encoder adds positions of its own.
///
/// Source: `load` of big_vision's `models/proj/image_text/text_transformer.py`.
struct SummedPositions: StoredForm {
  private static let first = "txt.pos_embedding"
  private static let second = "txt.Encoder_0.pos_embedding"

  let note = "txt/pos_embedding + txt/Encoder_0/pos_embedding (big_vision)"

  func parts(of tensor: CheckpointTensor, _ byName: [String: CheckpointTensor]) -> StoredParts? {
    guard tensor.name == Self.first, let second = byName[Self.second] else { return nil }
    return StoredParts(name: tensor.name, first: tensor, second: second)
  }

  func weight(of parts: StoredParts) throws(ModelError) -> CheckpointTensor {
    let (first, second) = (parts.first, parts.second)
    guard first.shape == second.shape else {
      throw ModelError(
        .badReparametrization, tensor: second.name, expected: "the shape of \(first.name), \(first.shape)",
        found: "\(second.shape)", file: second.file)
    }
    return try .computing(parts.name, shape: first.shape, from: [first, second]) { () throws(ReadError) in
      zip(try first.floats(), try second.floats()).map(+)
    }
  }
}
