import ArgumentParser
import Foundation
import PocketCLIP

@main
struct PocketClipCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pocketclip",
    abstract: "Turns any published CLIP checkpoint into a small, proven, single-file model, and uses it.",
    discussion: """
      A first walk:
        pocketclip inspect ViT-B-32.pt
        pocketclip convert ViT-B-32.pt -o b32.pclip --precision int8
        pocketclip verify b32.pclip --against ViT-B-32.pt
        pocketclip classify -m b32.pclip image.jpg --label "a dog" --label "a cat"

      Exit status: 0 ok, 1 verification failed, 64 usage, 65 bad input data, 66 cannot open, 69 unsupported, 70 internal, 73 cannot create output, 129, 130 and 143 ended by SIGHUP, SIGINT (Ctrl-C) or SIGTERM.
      """,
    version: runtimeVersion,
    groupedSubcommands: [
      CommandGroup(
        name: "Convert and prove:",
        subcommands: [Inspect.self, Convert.self, Verify.self, Export.self, Formats.self]),
      CommandGroup(name: "Use:", subcommands: [Embed.self, Classify.self, Bench.self, Info.self]),
    ])

  static func main() {
    Interruption.exitsAtOnce()
    OutOfMemory.install()
    // Writing beyond the limit on the size of files is an error like any other.
    signal(SIGXFSZ, SIG_IGN)
    let arguments = Arguments.all
    refuseUnknownCommand(arguments.first)
    main(arguments)
  }

  /// ArgumentParser calls it an unexpected argument and names no command.
  private static func refuseUnknownCommand(_ word: String?) {
    let commands = configuration.subcommands.map { "\($0)".lowercased() }
    guard let word, !word.hasPrefix("-"), word != "help", !commands.contains(word) else { return }
    Console.write(
      "pocketclip: \(word) is no command\n  hint: the commands are \(commands.joined(separator: ", ")); "
        + "`pocketclip help COMMAND` tells more\n")
    _exit(ExitStatus.usage.rawValue)
  }
}
