import Checkpoints

/// The beginning of a file of each format, as far as detection uses it.
enum FormatBeginning {
  /// By identifier. The profiles of zip are distinguished by their members, so they share a beginning.
  static let bytes: [String: [UInt8]] = [
    "torchscript": zip, "pytorch-zip": zip, "npz": zip, "keras": zip,
    "safetensors": count(90_000_000) + text("{"),
    "pclip": count(1000) + text(#"{"__metadata__":{"pclip.version":"1""#),
    "gguf": text("GGUF") + [3, 0, 0, 0],
    "hdf5": [0x89] + text("HDF\r\n\u{1A}\n"),
    "npy": [0x93] + text("NUMPY") + [1, 0],
    "gzip": [0x1F, 0x8B],
    "pickle": [0x80, 2],
    "pytorch-legacy": [
      0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
    ],
    "pytorch-tar": [UInt8](repeating: 0x61, count: 257) + text("ustar"),
    "flax-msgpack": [0x81, 0xA6] + text("params"),
    "onnx": [0x08, 0x07, 0x12, 0x05] + text("torch"),
  ]

  private static let zip = text("PK\u{3}\u{4}")

  static func text(_ text: String) -> [UInt8] { Array(text.utf8) }

  /// Eight bytes, little-endian.
  static func count(_ count: UInt64) -> [UInt8] { withUnsafeBytes(of: count.littleEndian, Array.init) }

  static func of(_ format: CheckpointFormat) -> [UInt8] { bytes[format.identifier] ?? [] }
}
