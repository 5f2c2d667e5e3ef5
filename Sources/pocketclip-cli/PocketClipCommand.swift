import ArgumentParser
import Foundation
import PocketCLIP

@main
struct PocketClipCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pocketclip",
    abstract: "Convert any published CLIP checkpoint to a small, verified, single-file model, and run it.",
    discussion: """
      First steps:
        pocketclip inspect ViT-B-32.pt
        pocketclip convert ViT-B-32.pt -o b32.pclip --precision int8
        pocketclip verify b32.pclip --against ViT-B-32.pt
        pocketclip classify -m b32.pclip image.jpg --label "a dog" --label "a cat"

      Exit status:
      \(ExitStatus.table)
      """,
    version: runtimeVersion,
    groupedSubcommands: [
      CommandGroup(
        name: "Convert and verify:",
        subcommands: [
          Inspect.self, Convert.self, Verify.self, Diagnose.self, Diff.self, Export.self, Formats.self,
          Architectures.self,
        ]),
      CommandGroup(name: "Use:", subcommands: [Embed.self, Classify.self, Bench.self, Info.self]),
    ])

  static func main() {
    Interruption.exitsAtOnce()
    OutOfMemory.install()
    // Writing beyond the limit on the size of files is an error like any other.
    signal(SIGXFSZ, SIG_IGN)
    let arguments = Arguments.all
    do {
      try refuseUnknownCommand(arguments)
      try RepeatedOption.refuse(arguments)
      var command = try parseAsRoot(arguments)
      try command.run()
    } catch let failure as Failure {
      exit(failure, arguments)
    } catch let code as ExitCode {
      Foundation.exit(code.rawValue)
    } catch {
      // The parser also reports help and the version as errors.
      guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
      exit(UsageFailure(arguments).failure(message(for: error)), arguments)
    }
  }

  /// Ends the process with an error that occurs before a command runs.
  private static func exit(_ failure: Failure, _ arguments: [String]) -> Never {
    let options = arguments.prefix { $0 != "--" }
    Foundation.exit(failure.report(json: options.contains("--json")).rawValue)
  }

  /// Without this check the parser reports an unexpected argument without naming a command, and after `help` it prints the
  /// tool's help.
  private static func refuseUnknownCommand(_ arguments: [String]) throws(Failure) {
    let word = arguments.first == "help" ? arguments.dropFirst().first : arguments.first
    let commands = configuration.subcommands.map { $0._commandName }
    guard let word, !word.hasPrefix("-"), word != "help", !commands.contains(word) else { return }
    throw UsageFailure(arguments).unknownCommand(word)
  }
}
