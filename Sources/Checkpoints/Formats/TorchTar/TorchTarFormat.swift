public import Archives

extension CheckpointFormat {
  public static let torchTar = CheckpointFormat(
    "pytorch-tar", name: "PyTorch tar", detection: "ustar at byte 257", origin: "torch.save before 0.1.10",
    codes: ReadError.Code.tar + ReadError.Code.torchTar,
    recognises: { $0.starts(with: TarHeader.magic, at: TarHeader.magicOffset) },
    reader: { probe throws(ReadError) in try TorchTarReader.read(probe.file, limits: probe.limits) })
}

/// Errors of PyTorch files from before 0.1.10, which are tar archives of four members.
extension ReadError.Code {
  public static let torchTarMembers = Self(
    1607, "torchTarMembers", "a tar archive, but not one that PyTorch made",
    hint: "unpack it, for example with `tar -xf`, and give the file of weights in it")
  public static let torchTarSystem = Self(
    1608, "torchTarSystem", "PyTorch tar file written by an unsupported kind of machine", hint: .saveAgain)
  public static let torchTarCount = Self(
    1609, "torchTarCount", "PyTorch tar file states more records than it can hold", hint: .downloadAgain)
  public static let torchTarRecord = Self(
    1610, "torchTarRecord", "malformed record in a PyTorch tar file", hint: .saveAgain)
  public static let torchTarDuplicateKey = Self(
    1611, "torchTarDuplicateKey", "two records with one key in a PyTorch tar file", hint: .saveAgain)
  public static let torchTarReference = Self(
    1612, "torchTarReference", "the pickle refers to a tensor that the tar file does not hold",
    hint: .saveAgain)
  public static let torchTarView = Self(
    1613, "torchTarView", "a view of a storage in a PyTorch tar file reaches outside it", hint: .saveAgain)
  public static let torchTarTrailingData = Self(
    1614, "torchTarTrailingData", "bytes after the last record of a PyTorch tar file", hint: .downloadAgain)

  /// Codes of PyTorch's tar files.
  static let torchTar: [ReadError.Code] = [
    .torchTarMembers, .torchTarSystem, .torchTarCount, .torchTarRecord, .torchTarDuplicateKey,
    .torchTarReference, .torchTarView, .torchTarTrailingData,
  ]
}
