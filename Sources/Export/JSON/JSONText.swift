/// A JSON text to write: members in the given order, numbers as decimal text.
enum JSONText: Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  /// A decimal number, the shortest that gives the same value when read.
  case float(Float)
  case double(Double)
  case string(String)
  case array([JSONText])
  case object([(key: String, value: JSONText)])

  /// Indented by two spaces, with a line feed at the end.
  var pretty: String {
    var text = ""
    write(to: &text, indent: "\n")
    return text + "\n"
  }

  /// On one line without spaces.
  var compact: String {
    var text = ""
    write(to: &text, indent: nil)
    return text
  }

  /// - Parameter indent: a line feed and the spaces of this level; nil for one line.
  private func write(to text: inout String, indent: String?) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += "\(value)"
    case .float(let value): text += "\(value)"
    case .double(let value): text += "\(value)"
    case .string(let value): Self.write(quoted: value, to: &text)
    case .array(let values):
      Self.write(values.count, between: "[", and: "]", to: &text, indent) { index, text, inner in
        values[index].write(to: &text, indent: inner)
      }
    case .object(let members):
      Self.write(members.count, between: "{", and: "}", to: &text, indent) { index, text, inner in
        Self.write(quoted: members[index].key, to: &text)
        text += inner == nil ? ":" : ": "
        members[index].value.write(to: &text, indent: inner)
      }
    }
  }

  private static func write(
    _ count: Int, between opening: String, and closing: String, to text: inout String, _ indent: String?,
    _ element: (Int, inout String, String?) -> Void
  ) {
    text += opening
    let inner = indent.map { $0 + "  " }
    for index in 0..<count {
      if index > 0 { text += "," }
      text += inner ?? ""
      element(index, &text, inner)
    }
    if count > 0 { text += indent ?? "" }
    text += closing
  }

  private static func write(quoted string: String, to text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\u{0}"..<" ":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}

extension JSONText: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  init(stringLiteral value: String) { self = .string(value) }
  init(integerLiteral value: Int) { self = .integer(value) }
  init(booleanLiteral value: Bool) { self = .bool(value) }
  init(arrayLiteral elements: JSONText...) { self = .array(elements) }
  init(dictionaryLiteral elements: (String, JSONText)...) {
    self = .object(elements.map { (key: $0.0, value: $0.1) })
  }
}
