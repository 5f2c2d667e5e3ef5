import Archives

/// What `--json` prints when a command fails.
struct FailureOutput: SchemaOutput {
  static let schema = "error"
  var status: Int32
  var message, hint: String
  var cause: Cause?
  var window: Window?

  /// What a reader reported.
  struct Cause: Encodable {
    /// The code's stable number and name; docs/CHECKPOINTS.md lists them.
    var code: UInt16
    var name: String
    var file: String?
    var offset: UInt64?
    /// Member, tensor or key, outermost first.
    var places: [String]
    var expected, found: String?
  }

  /// What `inspect --explain` shows of the file.
  struct Window: Encodable {
    var fileByteCount: Int
    /// Of the first byte that is shown.
    var offset: Int
    var lines: [String]
  }

  init(_ failure: Failure) {
    status = failure.status.rawValue
    message = failure.message
    hint = failure.hint
    cause = failure.cause.map {
      Cause(
        code: $0.code.rawValue, name: $0.code.name, file: $0.file, offset: $0.byteOffset,
        places: $0.path.map(\.description), expected: $0.expected, found: $0.found)
    }
    window = failure.explanation?.window.map {
      Window(fileByteCount: $0.fileByteCount, offset: $0.range.lowerBound, lines: $0.lines)
    }
  }
}
