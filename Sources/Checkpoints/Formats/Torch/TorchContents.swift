internal import Archives

/// What was found in a PyTorch file, and what the file says beyond it.
struct TorchContents {
  var tensors: [CheckpointTensor] = []
  var ignored: [IgnoredEntry] = []
  var evidence = Evidence()
  var notes: [String] = []

  func checkpoint(_ format: CheckpointFormat, in file: MappedFile) -> Checkpoint {
    Checkpoint(
      format: format, files: [SourceFile(path: file.path, byteCount: file.byteCount)], tensors: tensors,
      ignored: ignored, evidence: evidence, notes: notes)
  }
}
