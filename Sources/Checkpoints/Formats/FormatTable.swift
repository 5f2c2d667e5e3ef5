public import Archives

extension CheckpointFormat {
  /// Every format, in the order of detection. A stricter profile precedes its container; formats without a magic
  /// number come last.
  public static let all: [CheckpointFormat] = [
    .torchScript, .torchZip, .keras, .npz,
    .bundle, .safetensors,
    .gguf, .npy, .gzip, .torchLegacy, .torchTar, .hdf5,
    .pickle, .flax, .onnx,
  ]

  /// The names of the supported formats, for help texts.
  public static var readableNames: String {
    all.filter(\.isReadable).map(\.name).joined(separator: ", ")
  }

  /// The row with this identifier.
  public init?(identifier: String) {
    guard let row = Self.all.first(where: { $0.identifier == identifier }) else { return nil }
    self = row
  }
}

extension ReadError.Code {
  /// Every code: general codes, codes of containers, and codes of formats.
  public static let all: [ReadError.Code] = {
    let shared = general + zip + pickle + json + safetensors + checkpoint
    let own = CheckpointFormat.all.flatMap(\.codes).filter { !shared.contains($0) }
    return (shared + Set(own)).sorted { $0.rawValue < $1.rawValue }
  }()
}
