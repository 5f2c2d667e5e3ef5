/// Every format that is told by content: those that are read, and those that are recognised so that the refusal can
/// name them. One row each; `formats`, the documentation and the fuzz census are driven by this table.
public enum CheckpointFormat: String, Sendable, Equatable, Hashable, CaseIterable {
  case torchScript = "torchscript"
  case torchZip = "pytorch-zip"
  case safetensors
  case bundle = "pclip"

  case torchLegacy = "pytorch-legacy"
  case torchTar = "pytorch-tar"
  case pickle
  case hdf5
  case flax = "flax-msgpack"
  case onnx
  case gguf
  case npz
  case npy
  case gzip

  /// Whether this version reads it; the others are recognised and refused by name.
  public var isReadable: Bool {
    switch self {
    case .torchScript, .torchZip, .safetensors, .bundle: true
    case .torchLegacy, .torchTar, .pickle, .hdf5, .flax, .onnx, .gguf, .npz, .npy, .gzip: false
    }
  }

  public var name: String { row.name }

  /// For refusals: what it is and which tools write it.
  var nameAndOrigin: String { "\(name) (\(description))" }

  /// How the content gives the format away.
  public var detection: String { row.detection }

  /// Where one meets it.
  public var description: String { row.description }

  private var row: (name: String, detection: String, description: String) {
    switch self {
    case .torchScript:
      (
        "TorchScript archive", "zip with one */data.pkl and a */code/ folder or */constants.pkl",
        "OpenAI's official .pt files; any torch.jit.save of a CLIP module"
      )
    case .torchZip:
      (
        "PyTorch zip", "zip with one */data.pkl",
        "torch.save since 1.6: state dicts and training checkpoints, wrapped or not"
      )
    case .safetensors:
      (
        "safetensors", "8-byte header length, then {",
        "Hugging Face and open_clip repositories, single or sharded with an index"
      )
    case .bundle:
      ("PocketCLIP bundle", "safetensors whose first metadata key is pclip.version", "our own output")
    case .torchLegacy:
      ("PyTorch legacy", "pickle of the magic number 0x1950a86a20f9469cfc6c", "torch.save before 1.6")
    case .torchTar: ("PyTorch tar", "ustar at byte 257", "torch.save before 0.1.10")
    case .pickle:
      ("Python pickle", "pickle protocol mark without torch's magic number", "pickle.dump, joblib")
    case .hdf5:
      ("HDF5", "\\x89HDF\\r\\n\\x1a\\n at byte 0, 512, 1024, 2048", "tf_model.h5, Keras .weights.h5")
    case .flax: ("MessagePack", "a map whose first key is text", "flax_model.msgpack")
    case .onnx: ("ONNX", "protobuf with an IR version first", "exports of either tower")
    case .gguf: ("GGUF", "GGUF at byte 0", "clip.cpp and llama.cpp mmproj files")
    case .npz: ("NumPy npz", "zip whose members end in .npy", "numpy.savez")
    case .npy: ("NumPy npy", "\\x93NUMPY at byte 0", "numpy.save")
    case .gzip: ("gzip", "\\x1f\\x8b at byte 0", "a compressed file or tarball: unpack it first")
    }
  }
}
