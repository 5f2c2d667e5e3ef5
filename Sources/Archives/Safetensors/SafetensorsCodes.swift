/// Errors of safetensors containers.
extension ReadError.Code {
  public static let safetensorsHeaderLength = Self(
    500, "safetensorsHeaderLength", "impossible length of the safetensors header", hint: .downloadAgain)
  public static let safetensorsHeaderStart = Self(
    501, "safetensorsHeaderStart", "safetensors header does not start with {", hint: .saveAgain)
  public static let safetensorsMetadata = Self(
    502, "safetensorsMetadata", "safetensors metadata is not a map from text to text", hint: .saveAgain)
  public static let safetensorsEntry = Self(
    503, "safetensorsEntry", "safetensors entry is malformed", hint: .saveAgain)
  public static let safetensorsUnknownDType = Self(
    504, "safetensorsUnknownDType", "unknown safetensors element type", hint: .saveAgain)
  public static let safetensorsOffsets = Self(
    505, "safetensorsOffsets", "safetensors tensors have gaps between them or overlap", hint: .saveAgain)
  public static let safetensorsByteCount = Self(
    506, "safetensorsByteCount", "safetensors byte count does not fit shape and type", hint: .saveAgain)
  public static let safetensorsCoverage = Self(
    507, "safetensorsCoverage", "bytes after the last safetensors tensor", hint: .saveAgain)

  /// Codes of safetensors containers.
  package static let safetensors: [ReadError.Code] = [
    .safetensorsHeaderLength, .safetensorsHeaderStart, .safetensorsMetadata, .safetensorsEntry,
    .safetensorsUnknownDType, .safetensorsOffsets, .safetensorsByteCount, .safetensorsCoverage,
  ]
}
