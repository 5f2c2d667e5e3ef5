/// Errors that any file can cause.
extension ReadError.Code {
  // 100: the path could not be opened.
  public static let fileNotFound = Self(
    100, "fileNotFound", "no such file or folder", hint: "check the path", category: .cannotOpen)
  public static let permissionDenied = Self(
    101, "permissionDenied", "not readable", hint: "check the permissions of the file and its folders",
    category: .cannotOpen)
  public static let notARegularFile = Self(
    102, "notARegularFile", "not a regular file or folder",
    hint: "give the path of a file on disk: pipes and devices cannot be mapped", category: .cannotOpen)
  public static let ioFailure = Self(
    103, "ioFailure", "reading failed", hint: "check the disk or the network mount that holds the file",
    category: .cannotOpen)
  public static let linkLeavesFolder = Self(
    104, "linkLeavesFolder", "a link leads out of the model's folder",
    hint: "copy the file it points to into the folder, or give that file", category: .cannotOpen)
  public static let noAddressSpace = Self(
    105, "noAddressSpace", "no room to map the file into memory",
    hint: "raise the limit on address space (ulimit -v)", category: .memory)

  // 120: the content is not a checkpoint, and its actual kind is known.
  public static let emptyFile = Self(120, "emptyFile", "the file is empty", hint: .downloadAgain)
  public static let gitLFSPointer = Self(
    121, "gitLFSPointer", "a Git LFS pointer, not the weights",
    hint: "run `git lfs install` and `git lfs pull` in that repository")
  public static let htmlPage = Self(
    122, "htmlPage", "a web page, not the weights",
    hint: "download the file itself: this is a login, error or preview page")
  public static let truncatedFile = Self(
    123, "truncatedFile", "the file ends too early", hint: "finish or repeat the download")
  public static let unknownFormat = Self(
    124, "unknownFormat", "not a checkpoint of any known format",
    hint: "give the file of weights, or the folder that holds it; `pocketclip formats` lists what can be read"
  )
  public static let notACheckpoint = Self(
    125, "notACheckpoint", "not a checkpoint", hint: "give the file of weights, or the folder that holds it")
  public static let checkpointInArchive = Self(
    126, "checkpointInArchive", "an archive around a checkpoint",
    hint: "unpack it, and give the file of weights in it")

  // 140: recognised, but not supported by this version.
  public static let unsupportedFormat = Self(
    140, "unsupportedFormat", "recognised, but not supported yet",
    hint: "save the weights as safetensors or as a PyTorch state dict", category: .unsupported)
  public static let unsupportedDType = Self(
    141, "unsupportedDType", "unsupported element type",
    hint: "save the weights as float32, float16 or bfloat16", category: .unsupported)
  public static let unsupportedTensorKind = Self(
    142, "unsupportedTensorKind", "unsupported kind of tensor",
    hint: "save plain dense tensors: sparse and quantized ones cannot be read", category: .unsupported)
  public static let wholeModulePickle = Self(
    143, "wholeModulePickle", "a pickled model object, not a state dict",
    hint: "save `model.state_dict()` instead of the model object", category: .unsupported)
  public static let numPyStateDict = Self(
    144, "numPyStateDict", "the pickle holds NumPy arrays in place of tensors",
    hint: "save tensors: torch.save({k: torch.from_numpy(v) for k, v in arrays.items()}, path)",
    category: .unsupported)

  /// Also used for checkpoints, whose other codes have adjacent numbers.
  public static let storageSizeMismatch = Self(
    608, "storageSizeMismatch", "size of a storage differs from the size that its tensors state",
    hint: .downloadAgain)

  // 160: bounds that protect memory and time.
  public static let limitExceeded = Self(
    160, "limitExceeded", "larger than any real checkpoint", hint: .downloadAgain)
  public static let budgetExceeded = Self(
    162, "budgetExceeded", "opening takes far more memory or time than a file of this size needs",
    hint: "do not trust this file; if it is your own, save the state dict of the model alone as safetensors")
  public static let numberOverflow = Self(
    161, "numberOverflow", "a number too large to compute with", hint: .downloadAgain)

  /// Codes of files in general.
  package static let general: [ReadError.Code] = [
    .fileNotFound, .permissionDenied, .notARegularFile, .ioFailure, .linkLeavesFolder, .noAddressSpace,
    .emptyFile, .gitLFSPointer, .htmlPage, .truncatedFile, .unknownFormat, .notACheckpoint,
    .checkpointInArchive, .unsupportedFormat, .unsupportedDType, .unsupportedTensorKind, .wholeModulePickle,
    .numPyStateDict, .storageSizeMismatch, .limitExceeded, .budgetExceeded, .numberOverflow,
  ]
}
