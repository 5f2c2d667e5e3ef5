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
  /// None for synthetic weights, two where two files make one model.
  private let checkpoints: [Checkpoint]

  /// Of `files`.
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

  /// The source of a model whose towers come from two.
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

  /// Compares every byte with the checksums that the source states itself, where its format has any: PyTorch's zips.
  ///
  /// - Throws: what `Checkpoint.checkChecksums` throws, as `unreadable`.
  public func checkChecksums() throws(ModelError) {
    do throws(ReadError) {
      for checkpoint in checkpoints { try checkpoint.checkChecksums() }
    } catch {
      throw ModelError(error)
    }
  }

  /// SHA-256 of the file, or of shards and halves one after another; nil for synthetic weights. Reads it all.
  public func sha256() throws(ModelError) -> Digest? {
    files.isEmpty ? nil : try FileDigest.digest(of: files.map(\.path))
  }
}
