import Foundation

/// Colours errors, warnings, verdicts and recommendations on a terminal. NO_COLOR and TERM=dumb switch it off.
enum Highlight {
  private enum Colour: String {
    case red = "31"
    case green = "32"
    case yellow = "33"
    case cyan = "36"
  }

  /// Beginnings of lines, and their colours.
  private static let rules: [(beginning: String, colour: Colour)] = [
    ("pocketclip:", .red), ("  hint:", .cyan), ("warning:", .yellow), ("verdict     pass", .green),
    ("verdict     fail", .red), ("verdict     insufficient", .yellow), ("take ", .green),
  ]

  /// - Parameter stream: where the line goes: standard output or standard error.
  static func applied(to line: String, on stream: Int32) -> String {
    guard isOn(stream), let rule = rules.first(where: { line.hasPrefix($0.beginning) }) else { return line }
    return "\u{1B}[\(rule.colour.rawValue)m\(rule.beginning)\u{1B}[0m" + line.dropFirst(rule.beginning.count)
  }

  private static func isOn(_ stream: Int32) -> Bool {
    Terminal.isCapable(stream) && (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty
  }
}
