/// Errors of pickles.
extension ReadError.Code {
  public static let pickleTruncated = Self(
    300, "pickleTruncated", "the pickle ends too early", hint: .downloadAgain)
  public static let pickleUnknownOpcode = Self(
    301, "pickleUnknownOpcode", "unknown pickle opcode", hint: .downloadAgain)
  public static let pickleRefusedGlobal = Self(
    302, "pickleRefusedGlobal", "the pickle names code, which PocketCLIP never runs",
    hint: "do not trust this file; or save only `model.state_dict()` from the program that made it")
  public static let pickleStackUnderflow = Self(
    303, "pickleStackUnderflow", "the pickle takes more values from the stack than it holds",
    hint: .downloadAgain)
  public static let pickleUnknownMemo = Self(
    304, "pickleUnknownMemo", "the pickle refers to a memo entry that does not exist", hint: .downloadAgain)
  public static let pickleWrongType = Self(
    305, "pickleWrongType", "a pickle opcode gets values that do not fit", hint: .saveAgain)
  public static let pickleBadProtocol = Self(
    306, "pickleBadProtocol", "unknown pickle protocol", hint: .saveAgain)
  public static let pickleInvalidText = Self(
    307, "pickleInvalidText", "text in the pickle is not UTF-8", hint: .downloadAgain)
  public static let pickleTrailingData = Self(
    308, "pickleTrailingData", "bytes after the end of the pickle", hint: .downloadAgain)

  /// Codes of pickles.
  package static let pickle: [ReadError.Code] = [
    .pickleTruncated, .pickleUnknownOpcode, .pickleRefusedGlobal, .pickleStackUnderflow, .pickleUnknownMemo,
    .pickleWrongType, .pickleBadProtocol, .pickleInvalidText, .pickleTrailingData,
  ]
}
