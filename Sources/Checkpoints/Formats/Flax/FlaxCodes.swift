public import Archives

/// What Flax's own part of a MessagePack file is refused for.
extension ReadError.Code {
  public static let flaxArrayInvalid = Self(
    1210, "flaxArrayInvalid", "malformed Flax array", hint: .saveAgain)
  public static let flaxArrayBytes = Self(
    1211, "flaxArrayBytes", "a Flax array's bytes do not fit its shape and type", hint: .downloadAgain)
  public static let flaxChunksInvalid = Self(
    1212, "flaxChunksInvalid", "chunks that do not make the Flax array they are of", hint: .saveAgain)
  public static let flaxExtension = Self(
    1213, "flaxExtension", "a MessagePack extension that Flax does not write for arrays",
    hint: "save the parameters alone with flax.serialization.to_bytes", category: .unsupported)

  /// Codes of Flax checkpoints beside those of MessagePack.
  static let flax: [ReadError.Code] = [
    .flaxArrayInvalid, .flaxArrayBytes, .flaxChunksInvalid, .flaxExtension,
  ]
}
