/// Text in HTML and in SVG.
enum HTML {
  /// A text with the characters escaped that have a meaning, and without control characters.
  static func text(_ value: String) -> String {
    var escaped = ""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      default: escaped += isAllowed(scalar) ? String(scalar) : "\u{FFFD}"
      }
    }
    return escaped
  }

  /// Neither a control character nor one that turns the direction of text.
  private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .surrogate, .privateUse, .unassigned, .format, .lineSeparator, .paragraphSeparator:
      scalar == "\u{200D}" || scalar == "\t"
    default: true
    }
  }

  static func table(_ head: [String], _ rows: [[String]], classes: String = "") -> String {
    let titles = head.map { "<th scope=\"col\">\(text($0))</th>" }.joined()
    let body = rows.map { row in
      "<tr>"
        + row.enumerated().map { index, cell in
          index == 0 ? "<th scope=\"row\">\(text(cell))</th>" : "<td>\(text(cell))</td>"
        }.joined() + "</tr>"
    }
    return "<div class=\"scroll\"><table class=\"\(classes)\"><thead><tr>\(titles)</tr></thead><tbody>"
      + body.joined(separator: "\n") + "</tbody></table></div>"
  }

  static func section(_ title: String, _ content: [String]) -> String {
    "<section><h2>\(text(title))</h2>\n\(content.joined(separator: "\n"))</section>"
  }

  static func paragraph(_ value: String) -> String { "<p>\(text(value))</p>" }
}
