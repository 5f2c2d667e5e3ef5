internal import Archives

/// What was found in a PyTorch file, before prefixes and buffers are taken out of it.
struct TorchContents {
  var tensors: [CheckpointTensor] = []
  var ignored: [IgnoredEntry] = []
  var evidence = Evidence()
  var notes: [String] = []

  /// - Throws: `duplicateTensorName` or `limitExceeded`.
  func checkpoint(
    _ format: CheckpointFormat, in file: MappedFile, limits: Limits
  ) throws(ReadError) -> Checkpoint {
    let sieve = try TensorSieve(tensors, limits: limits)
    var checkpoint = Checkpoint(
      format: format, files: [SourceFile(path: file.path, byteCount: file.byteCount)],
      tensors: sieve.tensors, ignored: sieve.ignored + ignored, evidence: evidence, notes: notes + sieve.notes
    )
    checkpoint.evidence.strippedPrefix = sieve.strippedPrefix
    checkpoint.evidence.scalarBuffers = sieve.scalarBuffers
    return checkpoint
  }
}
