internal import Archives
internal import TensorTypes

/// Weights that a library quantized and stores as several tensors each. bitsandbytes' int8 is dequantized; other
/// schemes are reported by name.
struct QuantizedWeights {
  private let tensors: [CheckpointTensor]
  private let indices: [String: Int]

  init(_ tensors: [CheckpointTensor]) {
    self.tensors = tensors
    indices = Dictionary(tensors.enumerated().map { ($1.name, $0) }) { first, _ in first }
  }

  /// The tensors with dequantized weights instead of the stored parts, and a note about them; nil if nothing is
  /// quantized.
  ///
  /// - Throws: `unsupportedTensorKind` for an unsupported scheme, or `tensorRecordInvalid`.
  func dequantized() throws(ReadError) -> (tensors: [CheckpointTensor], note: String?) {
    try refuse()
    var result: [CheckpointTensor] = []
    var count = 0
    for tensor in tensors {
      if isPart(tensor.name) { continue }
      if let scales = self[tensor.name.replacingSuffix(Self.weight, Self.scales)], tensor.dtype == .i8 {
        result.append(try int8(tensor, scales))
        count += 1
      } else {
        result.append(tensor)
      }
    }
    let weights = counted(count, "weight")
    return (
      result,
      count > 0
        ? "\(weights) dequantized from bitsandbytes int8: the original precision is not restored" : nil
    )
  }

  private subscript(name: String?) -> CheckpointTensor? { name.flatMap { indices[$0] }.map { tensors[$0] } }

  // MARK: bitsandbytes' int8

  private static let weight = ".weight"
  private static let scales = ".SCB"
  private static let format = ".weight_format"

  /// Whether the tensor is the scale, or the layout code, of an int8 weight that exists.
  private func isPart(_ name: String) -> Bool {
    for suffix in [Self.scales, Self.format] {
      if let weight = name.replacingSuffix(suffix, Self.weight), self[weight]?.dtype == .i8 { return true }
    }
    return false
  }

  /// Like `bitsandbytes.functional.int8_vectorwise_dequant` of 0.50: value · scale of the row · 1/127, in FP32, each
  /// product rounded.
  private func int8(
    _ weight: CheckpointTensor, _ scales: CheckpointTensor
  ) throws(ReadError) -> CheckpointTensor {
    do throws(ReadError) {
      guard weight.shape.count == 2, weight.isContiguous, scales.dtype == .f32, weight.shape[1] > 0,
        scales.elementCount == weight.shape[0]
      else {
        throw ReadError(
          .tensorRecordInvalid, expected: "one FP32 scale for each row of \(weight.shape)",
          found: "\(scales.dtype.safetensorsName) \(scales.shape)")
      }
      if let format = self[weight.name.replacingSuffix(Self.weight, Self.format)] {
        guard format.elementCount == 1, try format.floats() == [0] else {
          throw ReadError(
            .unsupportedTensorKind, found: "bitsandbytes int8 in a GPU's tile order",
            advice: "save it again with bitsandbytes 0.45 or later")
        }
      }
      let (byteCount, overflows) = weight.elementCount.multipliedReportingOverflow(by: 4)
      guard !overflows, let strides = StridedLayout.rowMajorStrides(of: weight.shape) else {
        throw ReadError(.numberOverflow, found: "shape \(weight.shape)")
      }
      let rows = try scales.floats()
      let (width, start) = (weight.shape[1], weight.storageOffset)
      let stored = weight.storage
      let values = ComputedBytes(
        byteCount: byteCount, encoding: "bitsandbytes int8", from: [stored]
      ) { output throws(ReadError) in
        let content = try stored.load()
        let bytes = content.bytes
        for (row, scale) in rows.enumerated() {
          for column in 0..<width {
            let index = row * width + column
            let value = Float(bytes.unsafeLoad(fromByteOffset: start + index, as: Int8.self))
            output.storeBytes(
              of: (value * scale * 7.874015718698502e-3).bitPattern.littleEndian, toByteOffset: 4 * index,
              as: UInt32.self)
          }
        }
      }
      return try CheckpointTensor(
        name: weight.name, dtype: .f32, shape: weight.shape, strides: strides, storageOffset: 0,
        storage: values, file: weight.file)
    } catch {
      throw error.path.isEmpty ? error.inside(.tensor(weight.name)) : error
    }
  }

  // MARK: Unsupported schemes

  private static let original = "give the model that it was quantized from"
  private static let fourBit =
    "dequantize it first: torch.save(CLIPModel.from_pretrained('FOLDER').dequantize().state_dict(), 'weights.pt'), and put "
    + "config.json beside that file"

  /// DeepSpeed's stage 3 stores the weights in other files, and an empty tensor under each name.
  private func refuseEmpty() throws(ReadError) {
    let empty = tensors.filter { $0.shape == [0] && $0.dtype.isFloatingPoint }
    guard empty.count > 1, let first = empty.first else { return }
    throw ReadError(
      .unsupportedTensorKind,
      found: "\(empty.count) empty tensors, as DeepSpeed's ZeRO-3 leaves in place of weights",
      path: [.tensor(first.name)],
      advice: "in the training's checkpoint folder, run `python zero_to_fp32.py . OUTPUT`, and give OUTPUT")
  }

  private func refuse() throws(ReadError) {
    try refuseEmpty()
    for tensor in tensors {
      guard let scheme = scheme(of: tensor) else { continue }
      throw ReadError(
        .unsupportedTensorKind, found: scheme.name, path: [.tensor(tensor.name)], advice: scheme.advice)
    }
  }

  /// The scheme that a tensor's name and its neighbours identify.
  private func scheme(of tensor: CheckpointTensor) -> (name: String, advice: String)? {
    let name = tensor.name
    func has(_ suffix: String, _ other: String) -> Bool { self[name.replacingSuffix(suffix, other)] != nil }
    if has(".quant_map", ".quant_state.bitsandbytes__nf4") { return ("bitsandbytes NF4", Self.fourBit) }
    if has(".quant_map", ".quant_state.bitsandbytes__fp4") { return ("bitsandbytes FP4", Self.fourBit) }
    if name.hasSuffix(".weight.quant_map") { return ("bitsandbytes 4 bit", Self.fourBit) }
    if has(".qweight", ".qzeros") || has(".qweight", ".scales") {
      return (has(".qweight", ".g_idx") ? "GPTQ" : "AWQ or GPTQ", Self.original)
    }
    if tensor.dtype == .u32, has(".weight", ".scales") {
      return (has(".weight", ".biases") ? "MLX's affine quantization" : "MLX's quantization", Self.original)
    }
    if has(".weight_packed", ".weight_scale") { return ("compressed-tensors", Self.original) }
    if name.hasSuffix(".weight._data") { return ("optimum-quanto", Self.original) }
    let isFloat8 = tensor.storedType.hasPrefix("F8_")
    if isFloat8,
      [".weight_scale", ".scale_weight", ".weight_scale_inv"].contains(where: { has(".weight", $0) })
    {
      return ("FP8 with a scale beside each weight", Self.original)
    }
    if name.hasSuffix("scaled_fp8") { return ("FP8 with scales", Self.original) }
    return nil
  }
}

extension String {
  /// Nil if the text does not have this suffix.
  fileprivate func replacingSuffix(_ suffix: String, _ other: String) -> String? {
    hasSuffix(suffix) ? dropLast(suffix.count) + other : nil
  }
}
