internal import Archives
public import BundleFormat
public import Checkpoints
public import Progress

/// The origin of a model's weights, as far as a bundle records it.
public struct ModelSource: Sendable {
  /// As printed and recorded: `torchscript`, `safetensors`, `synthetic`, ….
  public var format: String
  /// The file's name without its folder, or the spelling of a synthetic model.
  public var fileName: String
  /// The files that hold the weights; empty for synthetic ones.
  public var files: [SourceFile]
  public var licence: String?
  public var attribution: String?
  /// Empty for synthetic weights; two if two files make one model.
  private let checkpoints: [Checkpoint]

  /// The paths of `files`.
  public var paths: [String] { files.map(\.path) }

  package init(
    format: String, fileName: String, files: [SourceFile] = [], licence: String? = nil,
    attribution: String? = nil, checkpoints: [Checkpoint] = []
  ) {
    self.format = format
    self.fileName = fileName
    self.files = files
    self.licence = licence
    self.attribution = attribution
    self.checkpoints = checkpoints
  }

  init(_ checkpoint: Checkpoint) {
    self.init(
      format: checkpoint.format.identifier, fileName: checkpoint.files.first?.name ?? "",
      files: checkpoint.files, licence: checkpoint.evidence.licence?.text,
      attribution: checkpoint.evidence.attribution?.text, checkpoints: [checkpoint])
  }

  init(joining one: ModelSource, _ other: ModelSource) {
    func both(_ field: KeyPath<ModelSource, String?>) -> String? {
      let texts = [one[keyPath: field], other[keyPath: field]].compactMap { $0 }
      return texts.first == texts.last ? texts.first : texts.joined(separator: "; ")
    }
    self.init(
      format: one.format == other.format ? one.format : one.format + "+" + other.format,
      fileName: one.fileName + "+" + other.fileName, files: one.files + other.files,
      licence: both(\.licence), attribution: both(\.attribution),
      checkpoints: one.checkpoints + other.checkpoints)
  }

  /// Of all files, which `sha256` reads.
  public var byteCount: Int { files.reduce(0) { $0 + $1.byteCount } }

  /// What `checkChecksums` reads.
  public var checkedByteCount: Int { checkpoints.reduce(0) { $0 + $1.checkedByteCount } }

  /// Compares every byte with the source's own checksums, if its format has them (PyTorch's zips).
  ///
  /// - Parameter progress: counts `checkedByteCount` bytes.
  /// - Throws: the errors of `Checkpoint.checkChecksums`, as `unreadable`.
  public func checkChecksums(_ progress: WorkProgress = .unwatched) throws(ModelError) {
    do throws(ReadError) {
      for checkpoint in checkpoints { try checkpoint.checkChecksums(onRead: { progress.add($0) }) }
    } catch {
      throw ModelError(error)
    }
  }

  /// SHA-256 of the file, or of concatenated shards or towers; nil for synthetic weights. Reads everything.
  ///
  /// - Parameter progress: counts the bytes of the files.
  public func sha256(_ progress: WorkProgress = .unwatched) throws(ModelError) -> Digest? {
    files.isEmpty ? nil : try FileDigest.digest(of: files.map(\.path), progress: progress)
  }
}
