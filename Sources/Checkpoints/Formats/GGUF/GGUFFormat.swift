public import Archives

extension CheckpointFormat {
  public static let gguf = CheckpointFormat(
    "gguf", name: "GGUF", detection: "GGUF at byte 0", origin: "clip.cpp and llama.cpp mmproj files",
    codes: ReadError.Code.gguf,
    recognises: { $0.starts(with: GGUFHeader.magic) },
    reader: { probe throws(ReadError) in try GGUFReader.read(probe.file, limits: probe.limits) })
}

/// Errors of GGUF files.
extension ReadError.Code {
  public static let ggufVersion = Self(
    1000, "ggufVersion", "unsupported version of GGUF",
    hint: "convert the model again with a current tool: versions 2 and 3 are read", category: .unsupported)
  public static let ggufCount = Self(
    1001, "ggufCount", "GGUF states more than the file can hold", hint: .downloadAgain)
  public static let ggufText = Self(
    1002, "ggufText", "GGUF name or text is empty or not UTF-8", hint: .downloadAgain)
  public static let ggufDuplicateKey = Self(
    1003, "ggufDuplicateKey", "two GGUF values with one key", hint: .saveAgain)
  public static let ggufValueType = Self(
    1004, "ggufValueType", "unknown type of a GGUF value", hint: .downloadAgain)
  public static let ggufValue = Self(1005, "ggufValue", "impossible GGUF value", hint: .saveAgain)
  public static let ggufAlignment = Self(
    1006, "ggufAlignment", "impossible GGUF alignment", hint: .saveAgain)
  public static let ggufShape = Self(
    1007, "ggufShape", "GGUF tensor of an impossible shape", hint: .saveAgain)
  public static let ggufTensorType = Self(
    1008, "ggufTensorType", "unknown type of a GGUF tensor",
    hint: "convert the model again with a current tool, to F32 or F16")
  public static let ggufOffset = Self(
    1009, "ggufOffset", "GGUF tensor is not aligned or overlaps another", hint: .downloadAgain)
  public static let ggufOtherModel = Self(
    1010, "ggufOtherModel", "the GGUF file holds no CLIP",
    hint: "give a file from clip.cpp, or an mmproj file whose encoder is a CLIP image tower",
    category: .unsupported)
  public static let ggufCutEncoder = Self(
    1011, "ggufCutEncoder",
    "the image encoder was truncated for a language model and gives no CLIP embeddings",
    hint: "give the CLIP checkpoint that the encoder was taken from", category: .unsupported)

  /// Codes of GGUF files.
  static let gguf: [ReadError.Code] = [
    .ggufVersion, .ggufCount, .ggufText, .ggufDuplicateKey, .ggufValueType, .ggufValue, .ggufAlignment,
    .ggufShape, .ggufTensorType, .ggufOffset, .ggufOtherModel, .ggufCutEncoder,
  ]
}
