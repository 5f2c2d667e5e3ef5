/// A reader's error: the broken rule, where, what was expected and what was found.
///
/// Parsers throw it at the first broken rule, with the facts that they have. Outer layers add the file and the path
/// to the position (`inFile`, `inside`) and never change the text.
public struct ReadError: Error, Sendable, Equatable {
  /// A step on the path from the file to the position of the error.
  public enum Step: Sendable, Equatable {
    case archiveMember(String)
    case tensor(String)
    case key(String)
  }

  public var code: Code
  /// The path as the user gave it.
  public var file: String?
  /// Absolute in the file, also inside nested containers. Nil if the error has no single byte position, and inside
  /// compressed members, where file offsets are meaningless.
  public var byteOffset: UInt64?
  /// Outermost first.
  public var path: [Step]
  public var expected: String?
  public var found: String?
  /// What to do in this case, if more specific than the code's hint.
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

  /// The error with the file, unless an inner layer has set one.
  public func inFile(_ path: String) -> ReadError {
    var error = self
    error.file = error.file ?? path
    return error
  }

  /// The error with one more outer step.
  public func inside(_ step: Step) -> ReadError {
    var error = self
    error.path.insert(step, at: 0)
    return error
  }
}

extension ReadError: CustomStringConvertible {
  /// One line: `file: what (expected, found) at byte, in member, in tensor`.
  public var description: String { errorLine.text }

  /// The same for a terminal, facts on lines of their own where one would be long.
  public var lines: [String] { errorLine.lines }

  /// The description and the hint.
  public var line: String { ErrorLine.join(description, hint: hint) }

  /// The expected and the found value, or what is wrong if nothing was expected.
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

  /// What to do, one sentence.
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
