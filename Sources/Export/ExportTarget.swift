public import BundleFormat

/// What other tools read.
public enum ExportTarget: Sendable, Equatable, CaseIterable {
  /// One file with OpenAI's names.
  case safetensors
  /// A folder for transformers' `from_pretrained`.
  case huggingFace
  /// A folder for open_clip's `local-dir:`.
  case openCLIP
  /// A folder with one ONNX graph per tower.
  case onnx

  /// Whether the output is a folder.
  public var isFolder: Bool { self != .safetensors }

  /// How weights can be stored there.
  public var precisions: [Precision] { self == .onnx ? [.fp32, .fp16, .int8] : [.fp32, .fp16] }
}
