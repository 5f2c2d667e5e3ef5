internal import Archives
internal import SystemPath

/// Identifies a zip without a supported format by the names of its members.
struct ForeignArchive {
  let zip: ZipArchive
  let path: String

  private static let checkpointEndings = [
    ".pt", ".pth", ".ckpt", ".bin", ".safetensors", ".onnx", ".gguf", ".h5", ".msgpack", ".npz", ".pclip",
    ".keras",
  ]

  /// - Throws: `unsupportedFormat`, `checkpointInArchive`, or `zipMissingMember` for any other zip.
  func refuse() throws(ReadError) -> Never {
    if has(suffix: "archive_format") || has(suffix: "serialized_exported_program.json") {
      throw ReadError(
        .unsupportedFormat, found: "exported PyTorch program (torch.export.save)",
        advice: "save its weights: torch.save(torch.export.load('\(fileName)').state_dict, 'weights.pt')")
    }
    if zip.entries.contains(where: { $0.name.contains("com.apple.CoreML/") }) {
      throw ForeignFormat.coreML.refusal
    }
    if has(suffix: "saved_model.pb") { throw ForeignFormat.savedModel.refusal }
    let members = zip.entries.filter { !$0.isFolder }.map(\.name)
    let checkpoints = members.filter { name in Self.checkpointEndings.contains { name.hasSuffix($0) } }
    if let first = checkpoints.first {
      let found = checkpoints.prefix(5).joined(separator: ", ")
      throw ReadError(
        .checkpointInArchive, found: found,
        advice: "unpack it with `unzip \(fileName.shellQuoted)`, and give \(first.printable(80))")
    }
    let names = members.prefix(5).joined(separator: ", ")
    throw ReadError(
      .zipMissingMember, expected: "a data.pkl, as PyTorch writes",
      found: names.isEmpty ? "no members" : names)
  }

  private var fileName: String { Folder.lastComponent(of: path).printable(80) }

  /// Whether a member has this name, in any folder.
  private func has(suffix: String) -> Bool {
    zip.entries.contains { $0.name == suffix || $0.name.hasSuffix("/" + suffix) }
  }
}
