internal import Archives

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
