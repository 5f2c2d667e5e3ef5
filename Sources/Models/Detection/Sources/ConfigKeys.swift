internal import Archives

/// Keys of a configuration that are read, or known not to affect any number: a closed list. Any other key could
/// change the embeddings.
struct ConfigKeys {
  /// Keys that the reader uses.
  var used: Set<String>
  /// Keys that describe training, storage or classes; their values are ignored.
  var irrelevant: Set<String>

  /// - Throws: `unsupportedOption` with the first key that is in neither list. A null value is ignored.
  func requireAll(of config: ConfigReader) throws(ModelError) {
    for member in config.json.objectValue?.members ?? [] where !member.value.isNull {
      guard used.contains(member.key) || irrelevant.contains(member.key) else {
        throw config.unsupported("unknown key \(member.key), which may change the vectors")
      }
    }
  }
}
