/// Errors of JSON documents.
extension ReadError.Code {
  public static let jsonSyntax = Self(400, "jsonSyntax", "not valid JSON", hint: .downloadAgain)
  public static let jsonInvalidText = Self(
    401, "jsonInvalidText", "JSON text is not valid UTF-8", hint: .downloadAgain)
  public static let jsonDuplicateKey = Self(
    402, "jsonDuplicateKey", "JSON object with a repeated key", hint: .saveAgain)
  public static let jsonTooDeep = Self(403, "jsonTooDeep", "JSON nested too deeply", hint: .doNotTrust)

  /// Codes of JSON documents.
  package static let json: [ReadError.Code] = [
    .jsonSyntax, .jsonInvalidText, .jsonDuplicateKey, .jsonTooDeep,
  ]
}
