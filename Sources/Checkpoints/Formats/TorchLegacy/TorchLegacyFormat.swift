public import Archives

extension CheckpointFormat {
  public static let torchLegacy = CheckpointFormat(
    "pytorch-legacy", name: "PyTorch legacy",
    detection: "pickle of the magic number 0x1950a86a20f9469cfc6c",
    origin: "torch.save from 0.1.10 to 1.5, later on request: state dicts and training checkpoints",
    codes: ReadError.Code.torchLegacy, recognises: { TorchLegacyHeader.begins($0.file) },
    reader: { probe throws(ReadError) in try TorchLegacyReader.read(probe.file, limits: probe.limits) })
}

/// Errors of PyTorch files from before 1.6.
extension ReadError.Code {
  public static let torchLegacyMagic = Self(
    1500, "torchLegacyMagic", "damaged PyTorch legacy file: magic number", hint: .downloadAgain)
  public static let torchLegacyProtocol = Self(
    1501, "torchLegacyProtocol", "unsupported version of a PyTorch legacy file",
    hint: "save the checkpoint again with a current PyTorch", category: .unsupported)
  public static let torchLegacySystem = Self(
    1502, "torchLegacySystem", "damaged PyTorch legacy file: properties of the machine that wrote it",
    hint: .downloadAgain)
  public static let torchLegacyReference = Self(
    1503, "torchLegacyReference", "the pickle refers to something that is not a storage", hint: .saveAgain)
  public static let torchLegacyStorageClash = Self(
    1504, "torchLegacyStorageClash", "two tensors describe one storage differently", hint: .saveAgain)
  public static let torchLegacyKeys = Self(
    1505, "torchLegacyKeys", "the list of storages differs from the storages that the tensors use",
    hint: .saveAgain)
  public static let torchLegacyView = Self(
    1506, "torchLegacyView", "a view of a storage reaches outside it", hint: .saveAgain)
  public static let torchLegacyTrailingData = Self(
    1507, "torchLegacyTrailingData", "bytes after the last storage",
    hint: "save one object to a file: torch.save was called more than once, or the file is damaged")

  /// Codes of PyTorch's files before 1.6.
  static let torchLegacy: [ReadError.Code] = [
    .torchLegacyMagic, .torchLegacyProtocol, .torchLegacySystem, .torchLegacyReference,
    .torchLegacyStorageClash, .torchLegacyKeys, .torchLegacyView, .torchLegacyTrailingData,
  ]
}
