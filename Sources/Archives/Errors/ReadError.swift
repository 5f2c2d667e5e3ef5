/// A reader's refusal: which rule was broken, where, what was expected and what was found.
///
/// Parsers throw it at the first violated rule with the facts they know; outer layers add the file and the steps
/// that led there (`inFile`, `inside`) and never rewrite the text.
public struct ReadError: Error, Sendable, Equatable {
  /// A step from the file down to the place of the failure.
  public enum Step: Sendable, Equatable {
    case archiveMember(String)
    case tensor(String)
    case key(String)
  }

  public var code: Code
  /// The path as the user gave it.
  public var file: String?
  /// Absolute in the file, also inside nested containers; nil where no single byte is to blame, and inside
  /// compressed members, where file offsets mean nothing.
  public var byteOffset: UInt64?
  /// Outermost first.
  public var path: [Step]
  public var expected: String?
  public var found: String?
  /// What to do in this case, where more can be said than the code's hint.
  public var advice: String?

  public init(
    _ code: Code, at byteOffset: UInt64? = nil, expected: String? = nil, found: String? = nil,
    path: [Step] = [], file: String? = nil, advice: String? = nil
  ) {
    self.code = code
    self.byteOffset = byteOffset
    self.expected = expected
    self.found = found
    self.path = path
    self.file = file
    self.advice = advice
  }

  /// The same error, with the file named unless an inner layer already named one.
  public func inFile(_ path: String) -> ReadError {
    var error = self
    error.file = error.file ?? path
    return error
  }

  /// The same error, one step further out.
  public func inside(_ step: Step) -> ReadError {
    var error = self
    error.path.insert(step, at: 0)
    return error
  }
}

extension ReadError: CustomStringConvertible {
  /// One line: `file: what (expected, found) at byte, in member, in tensor`.
  public var description: String { errorLine.text }

  /// The same, and what to do about it.
  public var line: String { ErrorLine.join(description, hint: hint) }

  /// What was expected and what was found, or what is wrong where nothing was expected.
  public var reason: String {
    var line = errorLine
    (line.file, line.byteOffset, line.places) = (nil, nil, [])
    return expected == nil ? line.text : line.facts ?? line.text
  }

  private var errorLine: ErrorLine {
    ErrorLine(
      file: file, what: code.summary, expected: expected, found: found, byteOffset: byteOffset,
      places: path.map(\.description))
  }

  /// What the user can do, one sentence.
  public var hint: String { advice ?? code.hint }
}

extension ReadError.Step: CustomStringConvertible {
  public var description: String {
    switch self {
    case .archiveMember(let name): "member \(name.printable(ErrorLine.nameLength))"
    case .tensor(let name): "tensor \(name.printable(ErrorLine.nameLength))"
    case .key(let name): "key \(name.printable(ErrorLine.nameLength))"
    }
  }
}
