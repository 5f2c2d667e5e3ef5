public import Archives

/// Errors of a checkpoint whose container is valid.
extension ReadError.Code {
  // Errors of tensors and state dicts, independent of the container.
  public static let noCheckpointInFolder = Self(
    600, "noCheckpointInFolder", "no checkpoint in the folder", hint: "give the path of the weights file")
  public static let severalCheckpoints = Self(
    601, "severalCheckpoints", "several checkpoints in the folder", hint: "give the path of one of them")
  public static let noStateDict = Self(
    602, "noStateDict", "no tensors of a CLIP model in the file",
    hint: "save `model.state_dict()`, or {'state_dict': …}, and try again")
  public static let severalStateDicts = Self(
    603, "severalStateDicts", "several pickles in one archive", hint: .saveAgain)
  public static let duplicateTensorName = Self(
    604, "duplicateTensorName", "two tensors with one name", hint: .saveAgain)
  public static let tensorRecordInvalid = Self(
    605, "tensorRecordInvalid", "malformed tensor record", hint: .saveAgain)
  public static let tensorOutsideStorage = Self(
    606, "tensorOutsideStorage", "tensor reaches outside its storage", hint: .downloadAgain)
  public static let storageMissing = Self(
    607, "storageMissing", "storage of a tensor is missing", hint: .downloadAgain)
  public static let byteOrderUnknown = Self(609, "byteOrderUnknown", "unknown byte order", hint: .saveAgain)

  public static let severalModels = Self(
    617, "severalModels", "several towers of one kind in one file",
    hint: "select one with --prefix and the beginning of its tensor names, such as --prefix model_ema")
  public static let noModelBelowPrefix = Self(
    618, "noModelBelowPrefix", "no CLIP tower has names with this prefix",
    hint: "give --prefix one of the prefixes found, or leave the option out")

  public static let noWeights = Self(
    621, "noWeights",
    "the only tensors with CLIP names hold gradients, masks or other values derived from weights",
    hint: "give the file of the weights, or use these values as weights with --prefix")

  public static let oneOfSeveralShards = Self(
    619, "oneOfSeveralShards", "one part of a checkpoint in several files",
    hint: "give the index (….index.json) or the folder that holds it with all parts")

  public static let furtherModules = Self(
    620, "furtherModules", "modules.json has a layer after the CLIP, which changes the vectors",
    hint: "give the CLIP's weights file, and apply the other layers to its vectors yourself")

  public static let notInHubCache = Self(
    616, "notInHubCache", "neither a file nor a model in the local Hugging Face cache",
    hint: "check the path, or download the model first: hf download ORG/NAME", category: .cannotOpen)

  // Errors of checkpoints in several files.
  public static let shardIndexInvalid = Self(
    610, "shardIndexInvalid", "shard index is malformed", hint: .downloadAgain)
  public static let shardNameUnsafe = Self(
    611, "shardNameUnsafe", "shard index names a file outside its folder", hint: .doNotTrust)
  public static let shardMissing = Self(
    612, "shardMissing", "shard missing", hint: "download every file that the index lists")
  public static let shardTensorMissing = Self(
    613, "shardTensorMissing", "tensor missing from its shard",
    hint: "download index and shards from one revision")
  public static let shardTensorRepeated = Self(
    614, "shardTensorRepeated", "tensor in two shards", hint: "download index and shards from one revision")
  public static let shardTensorUnlisted = Self(
    615, "shardTensorUnlisted", "tensor in a shard but not in the index",
    hint: "download index and shards from one revision")

  /// Codes of checkpoints, independent of the container.
  package static let checkpoint: [ReadError.Code] = [
    .noCheckpointInFolder, .severalCheckpoints, .noStateDict, .severalStateDicts, .duplicateTensorName,
    .tensorRecordInvalid, .tensorOutsideStorage, .storageMissing, .byteOrderUnknown,
    .shardIndexInvalid, .shardNameUnsafe, .shardMissing, .shardTensorMissing, .shardTensorRepeated,
    .shardTensorUnlisted, .notInHubCache, .severalModels, .noModelBelowPrefix,
    .oneOfSeveralShards, .furtherModules, .noWeights,
  ]
}
