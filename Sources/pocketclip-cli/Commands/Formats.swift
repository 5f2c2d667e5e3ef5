import ArgumentParser
import Checkpoints

struct Formats: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the checkpoint formats that are supported or recognised.",
    discussion: """
      The format is detected from the content; the file name is ignored. --format ID overrides the detection.

      Example: pocketclip formats --json
      """)

  @OptionGroup var options: ConsoleOptions

  func run() throws {
    try options.run { console in
      let rows = CheckpointFormat.all.map(FormatsOutput.Row.init)
      if options.json {
        return try JSONOutput.print(FormatsOutput(formats: rows))
      }
      try console.print("Supported formats, by the id for --format:")
      for row in rows where row.isReadable { try console.print(row.lines) }
      try console.print("Formats that are recognised but not supported:")
      for row in rows where !row.isReadable { try console.print(row.lines) }
    }
  }
}

struct FormatsOutput: SchemaOutput {
  static let schema = "formats"
  var formats: [Row]

  struct Row: Encodable {
    var id: String
    var name: String
    var isReadable: Bool
    var detection: String
    var description: String

    /// The same for people.
    var lines: [String] {
      [
        "  \(id.padding(to: 14))  \(name): \(description)",
        "  \("".padding(to: 14))  recognised by: \(detection)",
      ]
    }

    init(_ format: CheckpointFormat) {
      id = format.identifier
      name = format.name
      isReadable = format.isReadable
      detection = format.detection
      description = format.origin
    }
  }
}
