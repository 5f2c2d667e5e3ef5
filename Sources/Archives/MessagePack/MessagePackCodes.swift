/// Errors of MessagePack documents.
extension ReadError.Code {
  public static let messagePackSyntax = Self(
    1200, "messagePackSyntax", "not valid MessagePack", hint: .downloadAgain)
  public static let messagePackInvalidText = Self(
    1201, "messagePackInvalidText", "text in MessagePack is not valid UTF-8", hint: .downloadAgain)
  public static let messagePackDuplicateKey = Self(
    1202, "messagePackDuplicateKey", "MessagePack map with a repeated key", hint: .saveAgain)
  public static let messagePackTooDeep = Self(
    1203, "messagePackTooDeep", "too deeply nested MessagePack", hint: .doNotTrust)
  public static let messagePackTrailingData = Self(
    1204, "messagePackTrailingData", "bytes after the MessagePack map", hint: .saveAgain)

  /// Codes of MessagePack documents.
  package static let messagePack: [ReadError.Code] = [
    .messagePackSyntax, .messagePackInvalidText, .messagePackDuplicateKey, .messagePackTooDeep,
    .messagePackTrailingData,
  ]
}
