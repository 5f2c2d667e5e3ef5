import Foundation

/// Converts errors of the argument parser to the form of PocketCLIP's errors.
struct UsageFailure {
  private let command: CommandDescription?
  private let tool: CommandDescription?

  /// - Parameter arguments: the command line, without the tool's own name.
  init(_ arguments: [String]) {
    tool = .tool
    let name = arguments.first { !$0.hasPrefix("-") }
    command = tool?.subcommands?.first { $0.commandName == name }
  }

  /// - Parameter text: the parser's message.
  func failure(_ text: String) -> Failure {
    let line = text.split(separator: "\n").first.map(String.init) ?? "the command line is wrong"
    let quoted = Self.quoted(in: line)
    let first = quoted.first ?? ""
    if line.hasPrefix("Unknown option ") { return unknownOption(first) }
    if line.hasPrefix("Missing value for ") { return missingValue(first) }
    if line.hasPrefix("The value "), let owner = line.range(of: "' is invalid for '") {
      return badValue(line, owner)
    }
    if line.hasPrefix("The option "), quoted.count > 1 {
      return Failure(
        .usage, "\(first) takes no value, found '\(quoted[1].shortened)'",
        hint: "write \(first) alone; \(help)")
    }
    if line.hasPrefix("Unexpected argument ") {
      return Failure(.usage, "unexpected argument '\(first.shortened)'", hint: "leave it out; \(help)")
    }
    if line.hasPrefix("Missing expected argument ") {
      return Failure(
        .usage, "missing: \(first.replacing(" ...", with: " …"))",
        hint: "the shortest form is `\(command?.usage ?? "pocketclip COMMAND")`; \(help)")
    }
    return Failure(.usage, line.prefix(1).lowercased() + line.dropFirst(), hint: help)
  }

  func unknownCommand(_ word: String) -> Failure {
    let names = (tool?.subcommands ?? []).map(\.commandName)
    return Failure(
      .usage, "unknown command '\(word.shortened)'",
      hint: Suggestion.hint(
        for: word, among: names, prefix: "pocketclip ",
        otherwise: "the commands are \(names.listed("and"))"))
  }

  private var help: String {
    "`pocketclip help\(command.map { " " + $0.commandName } ?? "")` lists its options"
  }

  private func unknownOption(_ name: String) -> Failure {
    let names = (command ?? tool)?.optionNames ?? []
    let written = name.split(separator: "=").first.map(String.init) ?? name
    return Failure(
      .usage, "unknown option '\(written.shortened)'",
      hint: Suggestion.hint(for: written, among: names, otherwise: help))
  }

  /// - Parameter synopsis: `--precision <precision>`.
  private func missingValue(_ synopsis: String) -> Failure {
    let name = synopsis.split(separator: " ").first.map(String.init) ?? synopsis
    guard let values = command?.option(name)?.allValues else {
      return Failure(.usage, "\(name) needs a value", hint: "write \(synopsis); \(help)")
    }
    return Failure(.usage, "\(name) needs a value", hint: "give \(values.listed("or"))")
  }

  private func badValue(_ line: String, _ owner: Range<String.Index>) -> Failure {
    let value = String(line[..<owner.lowerBound].dropFirst("The value '".count))
    let rest = line[owner.upperBound...]
    let synopsis = rest.prefix { $0 != "'" }
    let name = synopsis.split(separator: " ").first.map(String.init) ?? String(synopsis)
    guard let values = command?.option(name)?.allValues else {
      // All other options that can fail take numbers.
      return Failure(
        .usage, "\(name): expected a number, found '\(value.shortened)'",
        hint: "write \(name) and a number; \(help)")
    }
    return .unknownValue(value, of: name, among: values)
  }

  /// The texts between single quotes, in order.
  private static func quoted(in line: String) -> [String] {
    line.components(separatedBy: "'").enumerated().filter { !$0.offset.isMultiple(of: 2) }.map(\.element)
  }
}
