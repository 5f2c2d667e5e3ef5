internal import Checkpoints

/// Tokenizer and preprocessor files saved with an adapter. transformers reads them from the folder that its caller
/// names, which can be the adapter's or the base's. They are unambiguous if only one of the two folders has them.
struct AdapterFiles {
  /// The base's evidence, plus what the adapter's folder adds.
  private(set) var evidence: Evidence
  private(set) var notes: [String] = []

  init(_ adapter: Evidence, base: Evidence) throws(ModelError) {
    evidence = base
    for path in [\Evidence.preprocessorConfig, \.processorConfig, \.tokenizerConfig] {
      guard let own = adapter[keyPath: path] else { continue }
      if let other = base[keyPath: path] {
        if own.json != other.json { differs(own.path, other.path) }
      } else {
        evidence[keyPath: path] = own
      }
    }
    if base.tokenizerFiles.isEmpty { evidence.tokenizerFiles = adapter.tokenizerFiles }
    for own in adapter.tokenizerFiles {
      guard let other = base.tokenizerFiles.first(where: { $0.name == own.name }), own.path != other.path
      else {
        continue
      }
      if try FileDigest.hex(of: [own.path]) != FileDigest.hex(of: [other.path]) {
        differs(own.path, other.path)
      }
    }
  }

  private mutating func differs(_ own: String, _ other: String) {
    notes.append("\(own), saved with the adapter, is not used: it differs from the base model's \(other)")
  }
}
