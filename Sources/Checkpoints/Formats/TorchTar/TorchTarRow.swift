internal import Archives

extension CheckpointFormat {
  public static let torchTar = CheckpointFormat(
    "pytorch-tar", name: "PyTorch tar", detection: "ustar at byte 257", origin: "torch.save before 0.1.10",
    codes: ReadError.Code.tar + ReadError.Code.torchTar,
    recognises: { $0.starts(with: TarHeader.magic, at: TarHeader.magicOffset) },
    reader: { probe throws(ReadError) in try TorchTarReader.read(probe.file, limits: probe.limits) })
}
