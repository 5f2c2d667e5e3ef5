internal import Archives

/// Keys of a configuration that are read or known to change no number: a closed list. Any other may change the vectors.
struct ConfigKeys {
  /// Keys that the reader uses.
  var used: Set<String>
  /// Keys that describe training, storage or classes, whatever their value.
  var irrelevant: Set<String>

  /// - Throws: `unsupportedOption` naming the first key of the object that is in neither list. Null says nothing.
  func requireAll(of config: ConfigReader) throws(ModelError) {
    for member in config.json.objectValue?.members ?? [] where !member.value.isNull {
      guard used.contains(member.key) || irrelevant.contains(member.key) else {
        throw config.unsupported("unknown key \(member.key), which may change the vectors")
      }
    }
  }
}
