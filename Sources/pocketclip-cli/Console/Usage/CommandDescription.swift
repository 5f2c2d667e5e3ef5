import ArgumentParser
import Foundation

/// A command's options and arguments, from the argument parser's own description in JSON.
struct CommandDescription: Decodable {
  struct Argument: Decodable {
    struct Name: Decodable {
      var kind, name: String

      /// The spelling on the command line.
      var text: String { (kind == "long" ? "--" : "-") + name }
    }

    var kind: String
    var isOptional, isRepeating: Bool
    var names: [Name]?
    var valueName: String?
    var allValues: [String]?

    var isPositional: Bool { kind == "positional" }

    var takesOneValue: Bool { kind == "option" && !isRepeating }

    /// `-o <out>` or `<in> …`.
    var synopsis: String {
      let value = valueName.map { "<\($0)>" } ?? ""
      let name = names?.min { $0.name.count < $1.name.count }?.text
      return [name, value].compactMap(\.self).joined(separator: " ") + (isRepeating ? " …" : "")
    }
  }

  var commandName: String
  var subcommands: [CommandDescription]?
  var arguments: [Argument]?

  /// Of the whole tool.
  static var tool: CommandDescription? {
    struct Dump: Decodable { var command: CommandDescription }
    return try? JSONDecoder().decode(Dump.self, from: Data(PocketClipCommand._dumpHelp().utf8)).command
  }

  /// Names of options, the long ones.
  var optionNames: [String] {
    (arguments ?? []).flatMap { $0.names ?? [] }.filter { $0.kind == "long" }.map(\.text)
  }

  func option(_ name: String) -> Argument? {
    arguments?.first { $0.names?.contains { $0.text == name } ?? false }
  }

  /// The command with its required arguments: `pocketclip convert <in> … -o <out>`.
  var usage: String {
    let required = (arguments ?? []).filter { !$0.isOptional }
    return (["pocketclip", commandName] + required.map(\.synopsis)).joined(separator: " ")
  }
}
