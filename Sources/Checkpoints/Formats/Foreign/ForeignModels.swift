internal import Archives

extension ForeignFormat {
  static let openVINO = ForeignFormat(
    name: "OpenVINO IR", detection: "XML whose root is <net name=…>", remedy: source,
    recognises: { probe in
      let start = probe.text(upTo: 1024).drop { $0.isWhitespace || $0 == "\u{FEFF}" }
      guard start.hasPrefix("<?xml") || start.hasPrefix("<net") else { return false }
      return start.contains("<net name=") || start.contains("<net version=")
    })

  /// Field 1 of the message Model is its version, field 2 the description; the model itself has a number from 200 on.
  static let coreML = ForeignFormat(
    name: "Core ML model", detection: "protobuf with a version, a description and a field from 200 to 3000",
    remedy: source,
    recognises: { probe in
      guard let numbers = probe.protobufFields, numbers.first == 1, numbers.dropFirst().first == 2 else {
        return false
      }
      return numbers.contains { (200...3000).contains($0) } && !numbers.contains(7)
    })

  /// Field 1 of the message SavedModel is the schema's version, field 2 each graph; ONNX has its graph in field 7.
  static let savedModel = ForeignFormat(
    name: "TensorFlow SavedModel", detection: "protobuf with a version of 1 and then graphs alone",
    remedy:
      "give transformers' tf_model.h5 (model.save_pretrained), or the PyTorch checkpoint that it was made from",
    recognises: { probe in
      guard probe.starts(with: [0x08, 0x01, 0x12]), let numbers = probe.protobufFields else { return false }
      return numbers.count > 1 && numbers.dropFirst().allSatisfy { $0 == 2 }
    })

  /// LevelDB's table of names: the last eight bytes are its magic number.
  static let tensorFlowCheckpoint = ForeignFormat(
    name: "TensorFlow checkpoint", detection: "LevelDB's magic number in the last eight bytes",
    remedy: savedModel.remedy,
    recognises: { probe in
      probe.starts(
        with: [0x57, 0xFB, 0x80, 0x8B, 0x24, 0x75, 0x47, 0xDB], at: max(0, probe.file.byteCount - 8))
    })

  /// What the only files of a folder are refused for; nil for a file that nothing is known of.
  static func refusal(ofFile path: String, limits: Limits) -> ReadError? {
    do throws(ReadError) {
      let file = try MappedFile(path: path)
      guard
        case .checkpoint(let format, let probe) = try ContentDetector(file: file, limits: limits).detect(),
        !format.isReadable
      else { return nil }
      _ = try format.read(probe)
      return nil
    } catch {
      return [.unsupportedFormat, .checkpointInArchive].contains(error.code) ? error.inFile(path) : nil
    }
  }

  /// What a folder is whose files are no checkpoints: Core ML's and PyTorch's distributed ones, and DeepSpeed's.
  static func refusal(ofFolder path: String) -> ReadError? {
    func has(_ name: String) -> Bool { Folder.hasFile(Folder.join(path, name)) }
    if has("Data/com.apple.CoreML/model.mlmodel") { return coreML.refusal.inFile(path) }
    if has(".metadata") {
      let name = path.printable(80).shellQuoted
      return ReadError(
        .unsupportedFormat, found: "PyTorch distributed checkpoint", file: path,
        advice: "join it: python -m torch.distributed.checkpoint.format_utils dcp_to_torch \(name) weights.pt"
      )
    }
    return nil
  }

  /// A shard of PyTorch's distributed checkpoints: archives of torch.save one behind another.
  static let distributedShard = ForeignFormat(
    name: "shard of a PyTorch distributed checkpoint", detection: "a name that ends in .distcp",
    remedy:
      "join the folder: python -m torch.distributed.checkpoint.format_utils dcp_to_torch FOLDER weights.pt",
    recognises: { $0.file.path.hasSuffix(".distcp") && $0.byte(0) == 0x50 })

  /// Weights that OpenVINO keeps beside its XML have no header: the file beside them tells.
  ///
  /// - Returns: the refusal of such a file.
  static func openVINOWeights(_ probe: FileProbe) -> ReadError? {
    let path = probe.file.path
    guard path.hasSuffix(".bin"), let xml = try? MappedFile(path: path.dropLast(4) + ".xml"),
      openVINO.recognises(FileProbe(xml, limits: probe.limits))
    else { return nil }
    return ReadError(.unsupportedFormat, found: "weights of an OpenVINO IR", advice: source)
  }
}

extension FileProbe {
  /// Numbers of the fields of a protobuf message that fills the file; nil where it is none, or has very many.
  fileprivate var protobufFields: [Int]? {
    guard byte(0) == 0x08 else { return nil }
    var fields = ProtobufFields(file, 0..<file.byteCount)
    var numbers: [Int] = []
    while numbers.count < 256 {
      guard let field = try? fields.next() else { return fields.isAtEnd ? numbers : nil }
      numbers.append(field.number)
    }
    return nil
  }
}
