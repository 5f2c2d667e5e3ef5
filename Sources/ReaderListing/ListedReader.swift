internal import Archives
internal import Checkpoints

/// What turns a file into tensors: the reader of a format, or for ONNX what reads a graph's initializers, since a mutated
/// graph is seldom a CLIP's.
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
    /// What stands before the names of the tensors in the file.
    var wrapper: [String] = []
    var tensors: [CheckpointTensor]
    /// Names of what is not handed on.
    var ignored: [String] = []
  }

  func read(_ file: MappedFile) throws(ReadError) -> Contents {
    switch self {
    case .format(let format):
      let checkpoint = try Checkpoint.container(file, format: format)
      // NumPy compares checksums as it reads, PyTorch does not.
      if format == .npz { try checkpoint.checkChecksums() }
      let names = checkpoint.tensors.map(\.name)
      // As `Checkpoint.open` does where it looks for the towers.
      guard Set(names).count == names.count else { throw ReadError(.duplicateTensorName) }
      return Contents(
        wrapper: checkpoint.evidence.wrapperKeys, tensors: checkpoint.tensors,
        ignored: checkpoint.ignored.map(\.name))
    case .onnxInitializers: return Contents(tensors: try Checkpoint.onnxInitializers(of: file))
    }
  }
}
