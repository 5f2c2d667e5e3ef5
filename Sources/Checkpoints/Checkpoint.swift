public import Archives

/// A published checkpoint, opened but not read: names, shapes and all metadata.
///
/// Tensor bytes are read on demand. Every tensor of the file is either in `tensors` or, with a reason, in `ignored`.
public struct Checkpoint: Sendable {
  public var format: CheckpointFormat
  public var layout: CheckpointLayout
  /// The files that hold the weights: one, or the shards in the order of their names.
  public var files: [SourceFile]
  /// In file order. Names are unique and those of the model; `evidence.strippedPrefix` holds the removed prefix.
  public var tensors: [CheckpointTensor]
  /// Ignored entries, with the reason.
  public var ignored: [IgnoredEntry]
  /// What the file and its neighbours state beyond the tensors.
  public var evidence: Evidence
  /// Notes for the user, one sentence each.
  public var notes: [String]
  /// The zips among the files, for `checkChecksums`.
  package var archives: [ZipArchive] = []
  /// The file, if it is a PocketCLIP bundle. `Models` reads the description and the weights from it.
  package var bundle: MappedFile?

  package init(
    format: CheckpointFormat, layout: CheckpointLayout = .file, files: [SourceFile],
    tensors: [CheckpointTensor], ignored: [IgnoredEntry] = [], evidence: Evidence = Evidence(),
    notes: [String] = []
  ) {
    self.format = format
    self.layout = layout
    self.files = files
    self.tensors = tensors
    self.ignored = ignored
    self.evidence = evidence
    self.notes = notes
  }
}

/// An entry of the file that is not used as a weight.
public struct IgnoredEntry: Sendable, Equatable {
  public enum Reason: Sendable, Equatable {
    /// State of an optimizer, scaler or scheduler.
    case trainingState
    /// `input_resolution`, `context_length`, `vocab_size`. The evidence holds their values.
    case scalarBuffer
    /// A buffer that is computed, not learned: `position_ids`, `attn_mask`.
    case computedBuffer
    /// `num_batches_tracked`: a training counter.
    case batchCounter
    /// A number or a text in a state dict.
    case notATensor
    /// Constants of a TorchScript graph.
    case graphConstant
    /// A storage that no tensor references.
    case unusedStorage
    /// Tensors outside the towers: other parts of a larger model, or another model in the file.
    case otherModel
    /// A head for another task on top of the image tower: a classifier, a safety checker's concepts.
    case otherHead
    /// Inside an object of an unknown class.
    case opaqueObject
    /// The layers that connect an image encoder to a language model.
    case languageModelProjector
  }

  /// The key in the file. A group of entries has its common key as name.
  public var name: String
  public var reason: Reason
  public var tensorCount: Int
  public var byteCount: Int

  package init(name: String, reason: Reason, tensorCount: Int = 1, byteCount: Int = 0) {
    self.name = name
    self.reason = reason
    self.tensorCount = tensorCount
    self.byteCount = byteCount
  }
}

extension IgnoredEntry.Reason: CustomStringConvertible {
  public var description: String {
    switch self {
    case .trainingState: "training state"
    case .scalarBuffer: "configuration buffer"
    case .computedBuffer: "computed buffer"
    case .batchCounter: "training counter"
    case .notATensor: "not a tensor"
    case .graphConstant: "constant of the traced graph"
    case .unusedStorage: "no tensor refers to it"
    case .otherModel: "not part of the model"
    case .otherHead: "not part of the model: computes another task from the image tower"
    case .opaqueObject: "in an object that is not read"
    case .languageModelProjector: "projector of a language model"
    }
  }
}

/// How the files of a checkpoint are organized.
public enum CheckpointLayout: Sendable, Equatable, CaseIterable {
  case file
  case shards
  case huggingFaceFolder
  case huggingFaceCache
  case openCLIPFolder
  case folder
}

extension CheckpointLayout: CustomStringConvertible {
  public var description: String {
    switch self {
    case .file: "single file"
    case .shards: "shards with an index"
    case .huggingFaceFolder: "Hugging Face folder"
    case .huggingFaceCache: "Hugging Face cache"
    case .openCLIPFolder: "open_clip folder"
    case .folder: "folder with one checkpoint"
    }
  }
}

/// A file of a checkpoint.
public struct SourceFile: Sendable {
  /// As reached from the path that the user gave.
  public var path: String
  public var byteCount: Int

  package init(path: String, byteCount: Int) {
    self.path = path
    self.byteCount = byteCount
  }

  /// The name without its folder.
  public var name: String { Folder.lastComponent(of: path) }
}

extension Checkpoint {
  /// Bytes that `checkChecksums` reads.
  public var checkedByteCount: Int { archives.reduce(0) { $0 + $1.checkedByteCount } }

  /// Compares every byte with the checksums in the checkpoint's zip archives.
  ///
  /// Formats without checksums (safetensors) and zip members written without one (a PyTorch option) are not checked,
  /// so success proves nothing, but an error proves damage. Bundles are compared with their digests when they are
  /// read.
  ///
  /// - Parameter onRead: called with the number of bytes of each member.
  /// - Throws: `zipChecksumMismatch` with the damaged member, `zipInflateFailed`.
  public func checkChecksums(onRead: (Int) -> Void = { _ in }) throws(ReadError) {
    for archive in archives { try archive.checkChecksums(onRead: onRead) }
  }
}
