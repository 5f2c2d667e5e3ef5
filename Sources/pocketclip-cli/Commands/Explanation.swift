import Archives

/// Where a file is broken: the bytes around the offset of an error, or its position in words if it has no offset.
struct Explanation {
  struct Window {
    var fileByteCount: Int
    /// The bytes shown.
    var range: Range<Int>
    var lines: [String]
  }

  private let error: ReadError
  let window: Window?

  /// Maps the file that the error names and reads only the bytes that are shown.
  init(_ error: ReadError) {
    self.error = error
    window = Self.window(error)
  }

  private static func window(_ error: ReadError) -> Window? {
    guard !error.isBeforeReading, let path = error.file, let offset = error.byteOffset,
      let file = try? MappedFile(path: path)
    else { return nil }
    return Window(
      fileByteCount: file.byteCount,
      range: HexView.window(around: offset, fileByteCount: file.byteCount),
      lines: HexView.lines(of: file.bytes, around: offset, note: error.reason))
  }

  /// The lines to print below the error's line.
  var lines: [String] {
    let places = error.path.map { "in " + $0.description }
    if let window {
      return [([formattedBytes(window.fileByteCount)] + places).joined(separator: ", ")] + window.lines
    }
    if error.isBeforeReading { return ["nothing was read, so there are no bytes to show"] }
    guard !places.isEmpty else { return ["the error has no single byte position"] }
    return ["the error has no single byte position; it is " + places.joined(separator: ", ")]
  }
}

extension ReadError {
  fileprivate var isBeforeReading: Bool {
    switch category {
    case .cannotOpen, .memory: true
    case .badData, .unsupported: false
    }
  }
}

extension Failure {
  /// The same, with the bytes around the position at which a reader stopped.
  func explained() -> Failure {
    var failure = self
    failure.explanation = cause.map(Explanation.init)
    return failure
  }
}
