internal import Archives

/// PyTorch's zip files: TorchScript archives, state dicts, and training checkpoints around them.
struct TorchReader {
  private let archive: TorchArchive
  private var decoder: TorchTensorDecoder<TorchZipStorages>
  private let limits: Limits

  static func read(_ archive: TorchArchive, limits: Limits) throws(ReadError) -> Checkpoint {
    var reader = try TorchReader(archive, limits: limits)
    return try reader.read()
  }

  private init(_ archive: TorchArchive, limits: Limits) throws(ReadError) {
    self.archive = archive
    self.limits = limits
    self.decoder = TorchTensorDecoder(
      try archive.unpickle(limits: limits), storages: TorchZipStorages(archive), limits: limits)
  }

  private mutating func read() throws(ReadError) -> Checkpoint {
    let isScript = archive.isTorchScript
    var contents = isScript ? try readModules() : try StateDictReader.read(decoder)
    if try !archive.pickleIsIntact() {
      contents.notes.append(
        "data.pkl does not match its checksum in the archive: compare the file's SHA-256")
    }
    var checkpoint = contents.checkpoint(isScript ? .torchScript : .torchZip, in: archive.file)
    checkpoint.archives = [archive.zip]
    return checkpoint
  }

  private mutating func readModules() throws(ReadError) -> TorchContents {
    var contents = TorchContents()
    contents.evidence.moduleTypes = decoder.graph.scriptClassNames
    if let wrapper = wrapperName {
      contents.notes.append(
        "the archive's code is not read: what \(wrapper) computes before or after the towers is left out"
      )
    }
    var walker = ScriptModuleWalker(graph: decoder.graph, limits: limits)
    let isTensor = decoder.isTensor
    for (name, value) in try walker.walk(isTensor: isTensor) {
      contents.tensors.append(try decoder.tensor(value, name: name))
    }
    let constants = archive.graphConstantEntries
    if !constants.isEmpty {
      contents.ignored.append(
        IgnoredEntry(
          name: "constants", reason: .graphConstant, tensorCount: constants.count,
          byteCount: constants.reduce(0) { $0 + $1.byteCount }))
    }
    contents.ignored += unusedStorages
    return contents
  }

  /// The class at the root if it is not a CLIP or a tower; nil otherwise.
  private var wrapperName: String? {
    guard let root = decoder.graph.object(of: decoder.graph.root), case .scriptClass(let path) = root.global,
      let name = path.split(separator: ".").last.map(String.init)
    else { return nil }
    let known = [
      "CLIP", "CustomTextCLIP", "Multimodal", "VisionTransformer", "VisualTransformer", "ModifiedResNet",
      "TextTransformer", "CLIPModel", "CLIPTextModel", "CLIPVisionModel", "CLIPTextModelWithProjection",
      "CLIPVisionModelWithProjection",
    ]
    return known.contains(name) ? nil : name
  }

  /// In a TorchScript archive, every storage should belong to a parameter or buffer.
  private var unusedStorages: [IgnoredEntry] {
    let unused = archive.storageEntries.filter { !decoder.storages.usedMembers.contains($0.name) }
    return unused.map { IgnoredEntry(name: $0.name, reason: .unusedStorage, byteCount: $0.byteCount) }
  }
}
