internal import Archives
internal import Checkpoints

/// Reads a file into tensors with the format's reader. For ONNX it only reads the graph's initializers, because a
/// mutated graph is rarely a CLIP.
enum ListedReader {
  case format(CheckpointFormat)
  case onnxInitializers

  init?(name: String) {
    if name == CheckpointFormat.onnx.identifier {
      self = .onnxInitializers
    } else if let format = CheckpointFormat.all.first(where: { $0.identifier == name }) {
      self = .format(format)
    } else {
      return nil
    }
  }

  struct Contents {
    /// The prefix of the tensors' names in the file.
    var wrapper: [String] = []
    var tensors: [CheckpointTensor]
    /// Names of ignored entries.
    var ignored: [String] = []
  }

  func read(_ file: MappedFile) throws(ReadError) -> Contents {
    switch self {
    case .format(let format):
      let checkpoint = try Checkpoint.container(file, format: format)
      // NumPy compares checksums on reading, PyTorch does not.
      if format == .npz { try checkpoint.checkChecksums() }
      let names = checkpoint.tensors.map(\.name)
      // Like `Checkpoint.open` when it searches for the towers.
      guard Set(names).count == names.count else { throw ReadError(.duplicateTensorName) }
      return Contents(
        wrapper: checkpoint.evidence.wrapperKeys, tensors: checkpoint.tensors,
        ignored: checkpoint.ignored.map(\.name))
    case .onnxInitializers: return Contents(tensors: try Checkpoint.onnxInitializers(of: file))
    }
  }
}
