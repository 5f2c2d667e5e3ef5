/// Errors of zip archives.
extension ReadError.Code {
  public static let zipBadEndRecord = Self(
    200, "zipBadEndRecord", "damaged zip: end record", hint: .downloadAgain)
  public static let zipBadCentralDirectory = Self(
    201, "zipBadCentralDirectory", "damaged zip: central directory", hint: .downloadAgain)
  public static let zipLocalHeaderMismatch = Self(
    202, "zipLocalHeaderMismatch", "zip member differs from the central directory", hint: .downloadAgain)
  public static let zipMemberOutOfRange = Self(
    203, "zipMemberOutOfRange", "zip member lies outside the file", hint: .downloadAgain)
  public static let zipMembersOverlap = Self(
    204, "zipMembersOverlap", "zip members overlap", hint: .doNotTrust)
  public static let zipDuplicateName = Self(
    205, "zipDuplicateName", "two zip members with one name", hint: .doNotTrust)
  public static let zipUnsafeName = Self(
    206, "zipUnsafeName", "zip member with an unsafe name", hint: .doNotTrust)
  public static let zipEncrypted = Self(
    207, "zipEncrypted", "encrypted zip member", hint: "unpack it with its password and zip it again without")
  public static let zipUnsupportedMethod = Self(
    208, "zipUnsupportedMethod", "zip member with an unsupported compression",
    hint: "zip the folder again with `zip -0` (stored) or deflate", category: .unsupported)
  public static let zipSizeMismatch = Self(
    209, "zipSizeMismatch", "zip member's sizes disagree", hint: .downloadAgain)
  public static let zipInflateFailed = Self(
    210, "zipInflateFailed", "damaged compressed zip member", hint: .downloadAgain)
  public static let zipInflationRatio = Self(
    211, "zipInflationRatio", "zip member inflates to implausibly many bytes", hint: .doNotTrust)
  public static let zipMissingMember = Self(212, "zipMissingMember", "zip member missing", hint: .saveAgain)
  public static let zipMultipleDisks = Self(
    213, "zipMultipleDisks", "zip split over several disks",
    hint: "join the parts first, for example with `zip -s 0`")
  public static let zipChecksumMismatch = Self(
    214, "zipChecksumMismatch", "damaged zip member: its CRC-32 does not match",
    hint: .downloadAgain)

  /// Codes of zip archives.
  package static let zip: [ReadError.Code] = [
    .zipBadEndRecord, .zipBadCentralDirectory, .zipLocalHeaderMismatch, .zipMemberOutOfRange,
    .zipMembersOverlap, .zipDuplicateName, .zipUnsafeName, .zipEncrypted, .zipUnsupportedMethod,
    .zipSizeMismatch, .zipInflateFailed, .zipInflationRatio, .zipMissingMember, .zipMultipleDisks,
    .zipChecksumMismatch,
  ]
}
