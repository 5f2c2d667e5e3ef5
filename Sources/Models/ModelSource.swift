internal import Archives
public import BundleFormat
public import Checkpoints

/// Where a model's weights come from, as far as a bundle records it.
public struct ModelSource: Sendable {
  /// As printed and recorded: `torchscript`, `safetensors`, `synthetic`, ….
  public var format: String
  /// The file's name without its folder, or the spelling of a synthetic model.
  public var fileName: String
  /// The files that hold the weights; empty for synthetic ones.
  public var files: [SourceFile]
  public var licence: String?
  public var attribution: String?
  /// Nil for synthetic weights.
  private let checkpoint: Checkpoint?

  /// Of `files`.
  public var paths: [String] { files.map(\.path) }

  package init(
    format: String, fileName: String, files: [SourceFile] = [], licence: String? = nil,
    attribution: String? = nil, checkpoint: Checkpoint? = nil
  ) {
    self.format = format
    self.fileName = fileName
    self.files = files
    self.licence = licence
    self.attribution = attribution
    self.checkpoint = checkpoint
  }

  init(_ checkpoint: Checkpoint) {
    self.init(
      format: checkpoint.format.identifier, fileName: checkpoint.files.first?.name ?? "",
      files: checkpoint.files, licence: checkpoint.evidence.licence?.text,
      attribution: checkpoint.evidence.attribution?.text, checkpoint: checkpoint)
  }

  /// Compares every byte with the checksums that the source states itself, where its format has any: PyTorch's zips.
  ///
  /// - Throws: what `Checkpoint.checkChecksums` throws, as `unreadable`.
  public func checkChecksums() throws(ModelError) {
    do throws(ReadError) { try checkpoint?.checkChecksums() } catch { throw ModelError(error) }
  }

  /// SHA-256 of the file, or of the shards one after another; nil for synthetic weights. Reads it all.
  public func sha256() throws(ModelError) -> Digest? {
    files.isEmpty ? nil : try FileDigest.digest(of: files.map(\.path))
  }
}
