extension ReadError.Code {
  /// What is wrong, in a few words.
  public var summary: String { text.summary }

  /// What to do about it, one sentence.
  public var hint: String { text.hint }

  private var text: (summary: String, hint: String) {
    switch self {
    case .fileNotFound, .permissionDenied, .notARegularFile, .ioFailure, .linkLeavesFolder: openText
    case .emptyFile, .gitLFSPointer, .htmlPage, .truncatedFile, .unknownFormat: contentText
    case .unsupportedFormat, .unsupportedDType, .unsupportedTensorKind, .wholeModulePickle: unsupportedText
    case .limitExceeded, .numberOverflow: boundText
    case .zipBadEndRecord, .zipBadCentralDirectory, .zipLocalHeaderMismatch, .zipMemberOutOfRange,
      .zipMembersOverlap, .zipDuplicateName, .zipUnsafeName, .zipEncrypted, .zipUnsupportedMethod,
      .zipSizeMismatch, .zipInflateFailed, .zipInflationRatio, .zipMissingMember, .zipMultipleDisks,
      .zipChecksumMismatch:
      zipText
    case .pickleTruncated, .pickleUnknownOpcode, .pickleRefusedGlobal, .pickleStackUnderflow,
      .pickleUnknownMemo, .pickleWrongType, .pickleBadProtocol, .pickleInvalidText, .pickleTrailingData:
      pickleText
    case .jsonSyntax, .jsonInvalidText, .jsonDuplicateKey, .jsonTooDeep: jsonText
    case .safetensorsHeaderLength, .safetensorsHeaderStart, .safetensorsMetadata, .safetensorsEntry,
      .safetensorsUnknownDType, .safetensorsOffsets, .safetensorsByteCount, .safetensorsCoverage:
      safetensorsText
    case .bundleRuleBroken:
      (
        "a damaged bundle, or none of ours",
        "convert the checkpoint again; the rules are those of docs/BUNDLE.md"
      )
    case .bundleTooNew: ("a bundle of a later version", "install a newer PocketCLIP to read it")
    case .noCheckpointInFolder, .severalCheckpoints, .noStateDict, .severalStateDicts, .duplicateTensorName,
      .tensorRecordInvalid, .tensorOutsideStorage, .storageMissing, .storageSizeMismatch, .byteOrderUnknown,
      .shardIndexInvalid, .shardNameUnsafe, .shardMissing, .shardTensorMissing, .shardTensorRepeated,
      .shardTensorUnlisted:
      checkpointText
    }
  }

  private static let downloadAgain =
    "download the file again and compare its size or SHA-256 with the source's"
  private static let saveAgain = "save the checkpoint again with the library that wrote it"

  private var openText: (String, String) {
    switch self {
    case .fileNotFound: ("no such file or folder", "check the path")
    case .permissionDenied: ("not readable", "check the permissions of the file and its folders")
    case .notARegularFile:
      ("not a regular file or folder", "give the path of a file on disk: pipes and devices cannot be mapped")
    case .linkLeavesFolder:
      (
        "a link leads out of the model's folder",
        "copy the file it points to into the folder, or give that file"
      )
    default: ("reading failed", "check the disk or the network mount that holds the file")
    }
  }

  private var contentText: (String, String) {
    switch self {
    case .emptyFile: ("the file is empty", Self.downloadAgain)
    case .gitLFSPointer:
      ("a Git LFS pointer, not the weights", "run `git lfs install` and `git lfs pull` in that repository")
    case .htmlPage:
      ("a web page, not the weights", "download the file itself: this is a login, error or preview page")
    case .truncatedFile: ("the file ends too early", "finish or repeat the download")
    default:
      (
        "not a checkpoint of any known format",
        "give the file of weights, or the folder that holds it; `pocketclip formats` lists what can be read"
      )
    }
  }

  private var unsupportedText: (String, String) {
    switch self {
    case .unsupportedFormat:
      ("recognised, but not supported yet", "save the weights as safetensors or as a PyTorch state dict")
    case .unsupportedDType:
      ("unsupported element type", "save the weights as float32, float16 or bfloat16")
    case .unsupportedTensorKind:
      ("unsupported kind of tensor", "save plain dense tensors: sparse and quantized ones cannot be read")
    default:
      ("a whole pickled module, not a state dict", "save `model.state_dict()` instead of the model object")
    }
  }

  private var boundText: (String, String) {
    switch self {
    case .limitExceeded: ("larger than any real checkpoint", Self.downloadAgain)
    default: ("a number too large to compute with", Self.downloadAgain)
    }
  }

  private var zipText: (String, String) {
    switch self {
    case .zipBadEndRecord: ("damaged zip: end record", Self.downloadAgain)
    case .zipBadCentralDirectory: ("damaged zip: central directory", Self.downloadAgain)
    case .zipLocalHeaderMismatch: ("zip member differs from the central directory", Self.downloadAgain)
    case .zipMemberOutOfRange: ("zip member lies outside the file", Self.downloadAgain)
    case .zipMembersOverlap:
      ("zip members overlap", "do not trust this file; get it from its original source")
    case .zipDuplicateName:
      ("two zip members of one name", "do not trust this file; get it from its original source")
    case .zipUnsafeName:
      ("zip member with an unsafe name", "do not trust this file; get it from its original source")
    case .zipEncrypted: ("encrypted zip member", "unpack it with its password and zip it again without")
    case .zipUnsupportedMethod:
      ("zip member with an unsupported compression", "zip the folder again with `zip -0` (stored) or deflate")
    case .zipSizeMismatch: ("zip member's sizes disagree", Self.downloadAgain)
    case .zipInflateFailed: ("damaged compressed zip member", Self.downloadAgain)
    case .zipInflationRatio:
      ("zip member inflates beyond reason", "do not trust this file; get it from its original source")
    case .zipMissingMember: ("zip member missing", Self.saveAgain)
    case .zipChecksumMismatch:
      ("damaged zip member: its bytes are not those of its CRC-32", Self.downloadAgain)
    default: ("zip split over several disks", "join the parts first, for example with `zip -s 0`")
    }
  }

  private var pickleText: (String, String) {
    switch self {
    case .pickleTruncated: ("the pickle ends too early", Self.downloadAgain)
    case .pickleUnknownOpcode: ("unknown pickle opcode", Self.downloadAgain)
    case .pickleRefusedGlobal:
      (
        "the pickle asks for code, which is never run",
        "do not trust this file; or save only `model.state_dict()` from the program that made it"
      )
    case .pickleStackUnderflow: ("the pickle takes more than it has put on the stack", Self.downloadAgain)
    case .pickleUnknownMemo: ("the pickle cites a value it has not remembered", Self.downloadAgain)
    case .pickleWrongType: ("the pickle combines values that do not fit", Self.saveAgain)
    case .pickleBadProtocol: ("unknown pickle protocol", Self.saveAgain)
    case .pickleInvalidText: ("text in the pickle is not UTF-8", Self.downloadAgain)
    default: ("bytes after the end of the pickle", Self.downloadAgain)
    }
  }

  private var jsonText: (String, String) {
    switch self {
    case .jsonSyntax: ("not valid JSON", Self.downloadAgain)
    case .jsonInvalidText: ("JSON text is not valid UTF-8", Self.downloadAgain)
    case .jsonDuplicateKey: ("JSON object with a repeated key", Self.saveAgain)
    default: ("JSON nested too deeply", "do not trust this file; get it from its original source")
    }
  }

  private var safetensorsText: (String, String) {
    switch self {
    case .safetensorsHeaderLength: ("safetensors header length is not possible", Self.downloadAgain)
    case .safetensorsHeaderStart: ("safetensors header does not start with {", Self.saveAgain)
    case .safetensorsMetadata: ("safetensors metadata is not text to text", Self.saveAgain)
    case .safetensorsEntry: ("safetensors entry is malformed", Self.saveAgain)
    case .safetensorsUnknownDType: ("unknown safetensors element type", Self.saveAgain)
    case .safetensorsOffsets: ("safetensors tensors leave a hole or overlap", Self.saveAgain)
    case .safetensorsByteCount: ("safetensors byte count does not fit shape and type", Self.saveAgain)
    default: ("bytes after the last safetensors tensor", Self.saveAgain)
    }
  }

  private var checkpointText: (String, String) {
    switch self {
    case .noCheckpointInFolder: ("no checkpoint in the folder", "give the path of the weights file")
    case .severalCheckpoints: ("several checkpoints in the folder", "give the path of the one you mean")
    case .noStateDict:
      (
        "no tensors of a CLIP model in the file",
        "save `model.state_dict()`, or {'state_dict': …}, and try again"
      )
    case .severalStateDicts:
      ("several models in one file", "save the one you mean alone, for example torch.save(ckpt['model'])")
    case .duplicateTensorName: ("two tensors of one name", Self.saveAgain)
    case .tensorRecordInvalid: ("malformed tensor record", Self.saveAgain)
    case .tensorOutsideStorage: ("tensor reaches outside its storage", Self.downloadAgain)
    case .storageMissing: ("storage of a tensor is missing", Self.downloadAgain)
    case .storageSizeMismatch: ("storage has another size than its tensors say", Self.downloadAgain)
    case .byteOrderUnknown: ("unknown byte order", Self.saveAgain)
    default: shardText
    }
  }

  private var shardText: (String, String) {
    switch self {
    case .shardIndexInvalid: ("shard index is malformed", Self.downloadAgain)
    case .shardNameUnsafe:
      (
        "shard index names a file outside its folder",
        "do not trust this file; get it from its original source"
      )
    case .shardMissing: ("shard missing", "download every file that the index lists")
    case .shardTensorMissing: ("tensor missing from its shard", "download index and shards from one revision")
    case .shardTensorRepeated: ("tensor in two shards", "download index and shards from one revision")
    default: ("tensor in a shard but not in the index", "download index and shards from one revision")
    }
  }
}
