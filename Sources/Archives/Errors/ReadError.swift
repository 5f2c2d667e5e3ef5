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

  public init(
    _ code: Code, at byteOffset: UInt64? = nil, expected: String? = nil, found: String? = nil,
    path: [Step] = [], file: String? = nil
  ) {
    self.code = code
    self.byteOffset = byteOffset
    self.expected = expected
    self.found = found
    self.path = path
    self.file = file
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
  /// One line: what, where, expected, found. What to do about it is `hint`.
  public var description: String {
    var line = code.summary
    var places: [String] = []
    if let file { places.append(file.printable) }
    for step in path { places.append(step.description) }
    if let byteOffset { places.append("byte \(byteOffset)") }
    if !places.isEmpty { line += " (" + places.joined(separator: ", ") + ")" }
    switch (expected, found) {
    case (let expected?, let found?): line += ": expected \(expected.printable), found \(found.printable)"
    case (let expected?, nil): line += ": expected \(expected.printable)"
    case (nil, let found?): line += ": \(found.printable)"
    case (nil, nil): break
    }
    return line
  }

  /// What the user can do, one sentence.
  public var hint: String { code.hint }
}

extension ReadError.Step: CustomStringConvertible {
  public var description: String {
    switch self {
    case .archiveMember(let name): "member \(name.printable)"
    case .tensor(let name): "tensor \(name.printable)"
    case .key(let name): "key \(name.printable)"
    }
  }
}

extension String {
  /// Text from a file made safe to print on one line: control characters escaped, length bounded.
  var printable: String {
    var result = ""
    var count = 0
    for scalar in unicodeScalars {
      guard count < 300 else { return result + "…" }
      count += 1
      let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
      let reorders = (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
      if isControl || reorders || scalar.value == 0x2028 || scalar.value == 0x2029 {
        result += "\\u{" + String(scalar.value, radix: 16) + "}"
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
