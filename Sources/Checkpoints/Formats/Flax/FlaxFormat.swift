public import Archives

extension CheckpointFormat {
  public static let flax = CheckpointFormat(
    "flax-msgpack", name: "Flax MessagePack", detection: "a map whose first key is text",
    origin:
      "flax_model.msgpack of transformers, single or sharded with an index; flax.serialization.to_bytes",
    codes: ReadError.Code.messagePack + ReadError.Code.flax, recognises: isTextMap,
    reader: { probe throws(ReadError) in try FlaxReader.read(probe.file, limits: probe.limits) })

  /// fixmap then fixstr or str8, or map16/map32.
  @Sendable private static func isTextMap(_ probe: FileProbe) -> Bool {
    guard let first = probe.byte(0), (0x81...0x8F).contains(first) || first == 0xDE || first == 0xDF else {
      return false
    }
    let key = probe.byte(first == 0xDE ? 3 : first == 0xDF ? 5 : 1) ?? 0
    return (0xA1...0xBF).contains(key) || key == 0xD9
  }
}

/// Errors of Flax states, in addition to those of MessagePack.
extension ReadError.Code {
  public static let flaxArrayInvalid = Self(
    1210, "flaxArrayInvalid", "malformed Flax array", hint: .saveAgain)
  public static let flaxArrayBytes = Self(
    1211, "flaxArrayBytes", "a Flax array's bytes do not fit its shape and type", hint: .downloadAgain)
  public static let flaxChunksInvalid = Self(
    1212, "flaxChunksInvalid", "the chunks of a Flax array do not fit together", hint: .saveAgain)
  public static let flaxExtension = Self(
    1213, "flaxExtension", "a MessagePack extension that Flax does not write for arrays",
    hint: "save the parameters alone with flax.serialization.to_bytes", category: .unsupported)

  /// Codes of Flax checkpoints, in addition to those of MessagePack.
  static let flax: [ReadError.Code] = [
    .flaxArrayInvalid, .flaxArrayBytes, .flaxChunksInvalid, .flaxExtension,
  ]
}
