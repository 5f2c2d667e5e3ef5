internal import Archives

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
