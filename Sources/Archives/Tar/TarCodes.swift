/// Errors of tar archives.
extension ReadError.Code {
  public static let tarChecksum = Self(1600, "tarChecksum", "damaged tar header", hint: .downloadAgain)
  public static let tarNumber = Self(
    1601, "tarNumber", "a size in a tar header is not octal", hint: .downloadAgain)
  public static let tarMemberKind = Self(
    1602, "tarMemberKind", "a tar member that is not a plain file", hint: .doNotTrust)
  public static let tarUnsafeName = Self(
    1603, "tarUnsafeName", "tar member with an unsafe name", hint: .doNotTrust)
  public static let tarDuplicateName = Self(
    1604, "tarDuplicateName", "two tar members with one name", hint: .doNotTrust)
  public static let tarExtendedHeader = Self(
    1605, "tarExtendedHeader", "damaged extended tar header", hint: .downloadAgain)
  public static let tarTrailingData = Self(
    1606, "tarTrailingData", "bytes after the end of the tar archive", hint: .doNotTrust)

  /// Codes of tar archives.
  package static let tar: [ReadError.Code] = [
    .tarChecksum, .tarNumber, .tarMemberKind, .tarUnsafeName, .tarDuplicateName, .tarExtendedHeader,
    .tarTrailingData,
  ]
}
