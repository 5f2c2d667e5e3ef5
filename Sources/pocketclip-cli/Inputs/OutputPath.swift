/// Checks the name of an output.
enum OutputPath {
  /// What a command writes.
  enum Content {
    case bundle, vectors, weights, folder

    fileprivate var description: String {
      switch self {
      case .bundle: "a bundle"
      case .vectors: "vectors"
      case .weights: "a safetensors file"
      case .folder: "a folder"
      }
    }

    /// The allowed endings of this kind of file.
    fileprivate var endings: [String] {
      switch self {
      case .bundle: ["pclip"]
      case .vectors: ["safetensors", "npy"]
      case .weights: ["safetensors"]
      case .folder: []
      }
    }

    fileprivate var isFile: Bool {
      switch self {
      case .bundle, .vectors, .weights: true
      case .folder: false
      }
    }

    /// Whether the ending selects the format. Then an unknown ending is an error.
    fileprivate var isChosenByEnding: Bool {
      switch self {
      case .vectors: true
      case .bundle, .weights, .folder: false
      }
    }
  }

  /// Endings that name a format.
  private static let formats: Set = [
    "bin", "ckpt", "csv", "engine", "gguf", "ggml", "gif", "gz", "h5", "hdf5", "html", "jpeg", "jpg", "json",
    "jsonl",
    "keras", "mlmodel", "mlpackage", "msgpack", "npy", "npz", "onnx", "parquet", "pb", "pclip", "pickle",
    "pkl", "png",
    "pt", "pth", "safetensors", "tar", "tflite", "tsv", "txt", "webp", "zip",
  ]

  private static func isStream(_ path: String) -> Bool {
    ["-", "/dev/stdout", "/dev/stderr"].contains(path)
      || ["/dev/fd/", "/proc/self/fd/"].contains(where: path.hasPrefix)
  }

  /// - Parameter alternative: what the user can do instead of `-o -`.
  static func validate(_ path: String, _ content: Content, _ alternative: String) throws(Failure) {
    guard !path.isEmpty else {
      throw Failure(.usage, "-o: the name of the output is empty", hint: "give a name: -o NAME")
    }
    guard !isStream(path) else {
      throw Failure(
        .usage,
        "-o \(path) is not supported: the output is written to a temporary file and renamed when complete",
        hint: alternative)
    }
    if content.isFile,
      ["", ".", ".."].contains(path.split(separator: "/", omittingEmptySubsequences: false).last)
    {
      throw Failure(.usage, "-o \(path): that is a folder", hint: "give the name of a file in it")
    }
    guard let ending = ending(of: path), !content.endings.contains(ending.lowercased()) else { return }
    let isFormat = formats.contains(ending.lowercased())
    guard isFormat || content.isChosenByEnding else { return }
    let stem = String(path.dropLast(ending.count + 1))
    let choices = content.endings.isEmpty ? [stem] : content.endings.map { "\(stem).\($0)" }
    throw Failure(
      .usage,
      "-o \(path): this command writes \(content.description)"
        + (isFormat
          ? ", and .\(ending) is the ending of another format" : ", and does not know the ending .\(ending)"),
      hint: "give -o \(choices.joined(separator: " or -o "))")
  }

  /// The text after the last dot of the name; nil if the only dot is its first character.
  static func ending(of path: String) -> String? {
    let name = path.split(separator: "/").last ?? ""
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return nil }
    let ending = name[name.index(after: dot)...]
    return ending.isEmpty ? nil : String(ending)
  }
}
