import Archives

/// The object that `--json` prints if a command fails.
struct FailureOutput: SchemaOutput {
  static let schema = "error"
  var status: Int32
  var message, hint: String
  var cause: Cause?
  var window: Window?

  /// The error of a reader.
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

  /// The bytes that `inspect --explain` shows.
  struct Window: Encodable {
    var fileByteCount: Int
    /// The offset of the first byte shown.
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
