internal import Archives

extension CheckpointFormat {
  public static let safetensors = CheckpointFormat(
    "safetensors", name: "safetensors", detection: "8-byte header length, then {",
    origin: "Hugging Face and open_clip repositories, single or sharded with an index",
    recognises: isSafetensors,
    reader: { probe throws(ReadError) in try SafetensorsReader.read(probe.file, limits: probe.limits) })

  /// A header length that is possible at all, then the first byte of a JSON object (or the space that some writers
  /// wrongly put before it).
  @Sendable static func isSafetensors(_ probe: FileProbe) -> Bool {
    guard let first = probe.byte(8), probe.byte(5) == 0, probe.byte(6) == 0, probe.byte(7) == 0 else {
      return false
    }
    let isLongerThanOne = (1...4).contains { probe.byte($0) != 0 } || (probe.byte(0) ?? 0) > 1
    return first == UInt8(ascii: "{") || (first == UInt8(ascii: " ") && isLongerThanOne)
  }
}
