/// Errors of protobuf messages.
extension ReadError.Code {
  public static let protobufInvalid = Self(
    1400, "protobufInvalid", "malformed protobuf", hint: .downloadAgain)

  /// Codes of protobuf messages.
  package static let protobuf: [ReadError.Code] = [.protobufInvalid]
}
