internal import Archives
internal import SystemPath

extension ForeignFormat {
  static let openVINO = ForeignFormat(
    name: "OpenVINO IR", detection: "XML whose root is <net name=…>", remedy: source,
    recognises: { probe in
      let start = probe.text(upTo: 1024).drop { $0.isWhitespace || $0 == "\u{FEFF}" }
      guard start.hasPrefix("<?xml") || start.hasPrefix("<net") else { return false }
      return start.contains("<net name=") || start.contains("<net version=")
    })

  /// In the message Model, field 1 is the version, field 2 the description. The model itself has a field number from
  /// 200 on.
  static let coreML = ForeignFormat(
    name: "Core ML model", detection: "protobuf with a version, a description and a field from 200 to 3000",
    remedy: source,
    recognises: { probe in
      guard let numbers = probe.protobufFields, numbers.first == 1, numbers.dropFirst().first == 2 else {
        return false
      }
      return numbers.contains { (200...3000).contains($0) } && !numbers.contains(7)
    })

  /// In the message SavedModel, field 1 is the schema's version and field 2 is a graph. ONNX has its graph in field
  /// 7.
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

  /// The error for the only files of a folder; nil for an unknown file.
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

  /// The error for a folder whose files are not checkpoints: Core ML, PyTorch's distributed checkpoints, DeepSpeed.
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

  /// A shard of PyTorch's distributed checkpoints: concatenated archives of torch.save.
  static let distributedShard = ForeignFormat(
    name: "shard of a PyTorch distributed checkpoint", detection: "a name that ends in .distcp",
    remedy:
      "join the folder: python -m torch.distributed.checkpoint.format_utils dcp_to_torch FOLDER weights.pt",
    recognises: { $0.file.path.hasSuffix(".distcp") && $0.byte(0) == 0x50 })

  /// OpenVINO's weights have no header. The XML file next to them identifies them.
  ///
  /// - Returns: the error for such a file.
  static func openVINOWeights(_ probe: FileProbe) -> ReadError? {
    let path = probe.file.path
    guard path.hasSuffix(".bin"), let xml = try? MappedFile(path: path.dropLast(4) + ".xml"),
      openVINO.recognises(FileProbe(xml, limits: probe.limits))
    else { return nil }
    return ReadError(.unsupportedFormat, found: "weights of an OpenVINO IR", advice: source)
  }
}

extension FileProbe {
  /// Field numbers of a protobuf message that fills the file; nil if it is not one or has very many fields.
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
