public import Archives

/// A published checkpoint, opened but not read: names, shapes and everything the file says about itself.
///
/// Tensor bytes are touched only when a tensor is asked for. Every tensor of the file is either in `tensors` or in
/// `ignored`, with the reason.
public struct Checkpoint: Sendable {
  public var format: CheckpointFormat
  public var layout: CheckpointLayout
  /// The files that hold the weights: one, or the shards in the order of their names.
  public var files: [SourceFile]
  /// In file order; names are unique and the model's own: what stands before them is in `evidence.strippedPrefix`.
  public var tensors: [CheckpointTensor]
  /// What was left out, and why.
  public var ignored: [IgnoredEntry]
  /// What the file and its neighbours say beyond the tensors.
  public var evidence: Evidence
  /// Things a user should be told, one sentence each.
  public var notes: [String]
  /// The zips among the files, for `checkChecksums`.
  package var archives: [ZipArchive] = []
  /// One of our own bundles: `Models` reads what it says of its model and the weights.
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

/// Something in the file that is not handed on as a weight.
public struct IgnoredEntry: Sendable, Equatable {
  public enum Reason: Sendable, Equatable {
    /// An optimizer's, scaler's or scheduler's state.
    case trainingState
    /// `input_resolution`, `context_length`, `vocab_size`: their values are in the evidence.
    case scalarBuffer
    /// A buffer that is computed, not learned: `position_ids`, `attn_mask`.
    case computedBuffer
    /// `num_batches_tracked`: a training counter.
    case batchCounter
    /// A number or a text in a state dict.
    case notATensor
    /// Constants of a TorchScript graph.
    case graphConstant
    /// A storage that no tensor cites.
    case unusedStorage
    /// What lies beside the towers in a larger model, or in another model of the file.
    case otherModel
    /// What another task computes from the image tower: a classifier, a safety checker's concepts.
    case otherHead
    /// Inside an object of a class that is not known.
    case opaqueObject
    /// The layers that join an image encoder to a language model.
    case languageModelProjector
  }

  /// The key in the file; a group of entries is named by its common key.
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
    case .unusedStorage: "cited by no tensor"
    case .otherModel: "not part of the model"
    case .otherHead: "not part of the model: computes another task from the image tower"
    case .opaqueObject: "in an object that is not read"
    case .languageModelProjector: "projector of a language model"
    }
  }
}

/// How the weights lie on disk around the file that holds them.
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

/// A file that a checkpoint consists of.
public struct SourceFile: Sendable {
  /// As reached from the path the user gave.
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
  /// Compares every byte with the checksums that the checkpoint's own zip archives state.
  ///
  /// Silent about formats without checksums (safetensors), and about members written without one, as PyTorch can be
  /// told to do: passing is no proof, throwing is. Bundles are compared with their digests as they are read.
  ///
  /// - Throws: `zipChecksumMismatch` with the damaged member, `zipInflateFailed`.
  public func checkChecksums() throws(ReadError) {
    for archive in archives { try archive.checkChecksums() }
  }
}
