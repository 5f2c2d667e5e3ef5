import Archives
import Checkpoints
import Foundation

extension VectorFile {
  /// Reads the vectors of an earlier run, to go on from there.
  ///
  /// - Throws: what reading throws; `badData` for a file that is none of ours, or was made with other settings.
  init(path: String, settings: Settings) throws {
    let checkpoint = try Checkpoint.open(MappedFile(path: path))
    try Self.requireSame(settings, checkpoint.evidence, path)
    let inputs = Self.list(checkpoint.evidence.metadataValue("inputs"))
    let kinds = Self.list(checkpoint.evidence.metadataValue("kinds"))
    guard let vectors = checkpoint.tensors.first, checkpoint.tensors.count == 1, vectors.shape.count == 2,
      vectors.shape[0] == inputs.count, kinds.count == inputs.count
    else {
      throw Failure(
        .badData, "\(path): the inputs are not those of its vectors", hint: "embed again with --force")
    }
    let width = vectors.shape[1]
    var values = try vectors.floats()[...]
    self.settings = settings
    items = zip(kinds, inputs).map { kind, input in
      defer { values = values.dropFirst(width) }
      return EmbedOutput.Item(kind: kind, input: input, vector: Array(values.prefix(width)))
    }
  }

  /// Vectors of two models, or made in two ways, have no place in one file.
  private static func requireSame(
    _ settings: Settings, _ evidence: Evidence, _ path: String
  ) throws(Failure) {
    guard evidence.metadataValue("format") == settings.fields["format"] else {
      throw Failure(
        .badData, "\(path): not a file of vectors", hint: "give one that `pocketclip embed -o` wrote")
    }
    for (key, value) in settings.fields.sorted(by: { $0.key > $1.key })
    where evidence.metadataValue(key) != value {
      throw Failure(
        .badData,
        "\(path) was made with another \(key): expected \(value), found \(evidence.metadataValue(key) ?? "none")",
        hint: "give another name, or embed everything again with --force")
    }
  }

  private static func list(_ text: String?) -> [String] {
    (try? JSONDecoder().decode([String].self, from: Data((text ?? "").utf8))) ?? []
  }
}
