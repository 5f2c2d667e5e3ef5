internal import Archives

extension CheckpointFormat {
  public static let torchLegacy = CheckpointFormat(
    "pytorch-legacy", name: "PyTorch legacy",
    detection: "pickle of the magic number 0x1950a86a20f9469cfc6c",
    origin: "torch.save from 0.1.10 to 1.5, later on request: state dicts and training checkpoints",
    codes: ReadError.Code.torchLegacy, recognises: { TorchLegacyHeader.begins($0.file) },
    reader: { probe throws(ReadError) in try TorchLegacyReader.read(probe.file, limits: probe.limits) })
}
