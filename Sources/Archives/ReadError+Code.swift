extension ReadError {
  /// The rule that was broken. Raw values are stable and appear in `--json` output; gaps leave room for more.
  public enum Code: UInt16, Sendable, Equatable, Hashable, CaseIterable {
    // 100: the path could not be opened.
    case fileNotFound = 100
    case permissionDenied = 101
    case notARegularFile = 102
    case ioFailure = 103
    case linkLeavesFolder = 104

    // 120: the content is no checkpoint, and what it is instead is known.
    case emptyFile = 120
    case gitLFSPointer = 121
    case htmlPage = 122
    case truncatedFile = 123
    case unknownFormat = 124

    // 140: recognised, but not something this version reads.
    case unsupportedFormat = 140
    case unsupportedDType = 141
    case unsupportedTensorKind = 142
    case wholeModulePickle = 143

    // 160: bounds that protect memory and time.
    case limitExceeded = 160
    case numberOverflow = 161

    // 200: zip.
    case zipBadEndRecord = 200
    case zipBadCentralDirectory = 201
    case zipLocalHeaderMismatch = 202
    case zipMemberOutOfRange = 203
    case zipMembersOverlap = 204
    case zipDuplicateName = 205
    case zipUnsafeName = 206
    case zipEncrypted = 207
    case zipUnsupportedMethod = 208
    case zipSizeMismatch = 209
    case zipInflateFailed = 210
    case zipInflationRatio = 211
    case zipMissingMember = 212
    case zipMultipleDisks = 213
    case zipChecksumMismatch = 214

    // 300: pickle.
    case pickleTruncated = 300
    case pickleUnknownOpcode = 301
    case pickleRefusedGlobal = 302
    case pickleStackUnderflow = 303
    case pickleUnknownMemo = 304
    case pickleWrongType = 305
    case pickleBadProtocol = 306
    case pickleInvalidText = 307
    case pickleTrailingData = 308

    // 400: JSON.
    case jsonSyntax = 400
    case jsonInvalidText = 401
    case jsonDuplicateKey = 402
    case jsonTooDeep = 403

    // 500: safetensors.
    case safetensorsHeaderLength = 500
    case safetensorsHeaderStart = 501
    case safetensorsMetadata = 502
    case safetensorsEntry = 503
    case safetensorsUnknownDType = 504
    case safetensorsOffsets = 505
    case safetensorsByteCount = 506
    case safetensorsCoverage = 507

    // 550: bundles.
    case bundleRuleBroken = 550
    case bundleTooNew = 551

    // 600: checkpoints.
    case noCheckpointInFolder = 600
    case severalCheckpoints = 601
    case noStateDict = 602
    case severalStateDicts = 603
    case duplicateTensorName = 604
    case tensorRecordInvalid = 605
    case tensorOutsideStorage = 606
    case storageMissing = 607
    case storageSizeMismatch = 608
    case byteOrderUnknown = 609
    case shardIndexInvalid = 610
    case shardNameUnsafe = 611
    case shardMissing = 612
    case shardTensorMissing = 613
    case shardTensorRepeated = 614
    case shardTensorUnlisted = 615
  }

  /// The class of a failure; each maps to one exit status of the command line.
  public enum Category: Sendable, Equatable, Hashable, CaseIterable {
    /// The path leads to nothing readable (exit status 66).
    case cannotOpen
    /// The content breaks a rule (exit status 65).
    case badData
    /// The content is known and sound as far as seen, but not supported (exit status 69).
    case unsupported
  }

  public var category: Category {
    switch code {
    case .fileNotFound, .permissionDenied, .notARegularFile, .ioFailure, .linkLeavesFolder: .cannotOpen
    case .unsupportedFormat, .unsupportedDType, .unsupportedTensorKind, .wholeModulePickle, .bundleTooNew,
      .zipUnsupportedMethod:
      .unsupported
    default: .badData
    }
  }
}
