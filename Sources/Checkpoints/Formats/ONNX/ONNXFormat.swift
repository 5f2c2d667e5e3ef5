public import Archives

extension CheckpointFormat {
  /// Protobuf field 1 (ir_version, a small varint), then another of ONNX ModelProto's fields.
  public static let onnx = CheckpointFormat(
    "onnx", name: "ONNX", detection: "protobuf with an IR version first",
    origin:
      "torch.onnx.export of OpenAI's, open_clip's and transformers' models, optimum, ONNX Runtime's int8",
    codes: ReadError.Code.protobuf + ReadError.Code.onnx,
    recognises: { probe in
      probe.byte(0) == 0x08 && (1...20).contains(probe.byte(1) ?? 0)
        && [0x12, 0x1A, 0x22, 0x2A, 0x32, 0x3A, 0x42].contains(probe.byte(2) ?? 0)
    },
    reader: { probe throws(ReadError) in try ONNXReader.read(probe.file, limits: probe.limits) })
}

/// Errors of ONNX files.
extension ReadError.Code {
  public static let onnxNoGraph = Self(
    1401, "onnxNoGraph", "no graph with tensors in the ONNX file", hint: .saveAgain)
  public static let onnxTensorInvalid = Self(
    1402, "onnxTensorInvalid", "malformed ONNX tensor", hint: .saveAgain)
  public static let onnxTensorSize = Self(
    1403, "onnxTensorSize", "data of an ONNX tensor does not fit shape and type", hint: .downloadAgain)
  public static let onnxExternalUnsafe = Self(
    1404, "onnxExternalUnsafe", "external data outside the model's folder", hint: .doNotTrust)
  public static let onnxExternalMissing = Self(
    1405, "onnxExternalMissing", "file of external data missing",
    hint: "download it too, and keep it beside the ONNX file under the name that the file states")
  public static let onnxExternalRange = Self(
    1406, "onnxExternalRange", "tensor reaches outside its file of external data", hint: .downloadAgain)
  public static let onnxFusedGraph = Self(
    1407, "onnxFusedGraph", "graph fused by an optimizer",
    hint: "give the ONNX file as it was before optimization, or the checkpoint that it was exported from",
    category: .unsupported)
  public static let onnxQuantization = Self(
    1409, "onnxQuantization", "quantized weight with scales or zero points that do not fit", hint: .saveAgain)
  public static let onnxUnclaimedNode = Self(
    1410, "onnxUnclaimedNode", "the ONNX graph computes something other than a CLIP",
    hint:
      "give the checkpoint that it was exported from, or export the model itself with torch.onnx.export, without changes",
    category: .unsupported)

  /// Codes of ONNX files.
  static let onnx: [ReadError.Code] = [
    .onnxNoGraph, .onnxTensorInvalid, .onnxTensorSize, .onnxExternalUnsafe,
    .onnxExternalMissing, .onnxExternalRange, .onnxFusedGraph, .onnxQuantization, .onnxUnclaimedNode,
  ]
}
