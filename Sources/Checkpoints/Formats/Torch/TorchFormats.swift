internal import Archives

extension CheckpointFormat {
  public static let torchScript = CheckpointFormat(
    "torchscript", name: "TorchScript archive",
    detection: "zip with one */data.pkl and a */code/ folder or */constants.pkl",
    origin: "OpenAI's official .pt files; any torch.jit.save of a CLIP module",
    recognises: { probe throws(ReadError) in try torchArchive(probe)?.isTorchScript ?? false },
    reader: read)

  public static let torchZip = CheckpointFormat(
    "pytorch-zip", name: "PyTorch zip", detection: "zip with one */data.pkl",
    origin: "torch.save since 1.6: state dicts and training checkpoints, wrapped or not",
    recognises: { probe throws(ReadError) in try torchArchive(probe) != nil }, reader: read)

  private static func torchArchive(_ probe: FileProbe) throws(ReadError) -> TorchArchive? {
    guard let zip = try probe.zip(), TorchArchive.isTorch(zip) else { return nil }
    return try TorchArchive(zip: zip, file: probe.file)
  }

  @Sendable private static func read(_ probe: FileProbe) throws(ReadError) -> Checkpoint {
    guard let archive = try torchArchive(probe) else { throw ReadError(.zipMissingMember, found: "data.pkl") }
    return try TorchReader.read(archive, limits: probe.limits)
  }
}
