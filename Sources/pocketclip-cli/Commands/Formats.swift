import ArgumentParser
import Checkpoints

struct Formats: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the formats of checkpoints that are read or recognised.",
    discussion: """
      A file's format is told by its content, never by its name; --format ID overrules that.

      Example: pocketclip formats --json
      """)

  @OptionGroup var options: ConsoleOptions

  func run() throws {
    try options.run { console in
      let rows = CheckpointFormat.all.map(FormatsOutput.Row.init)
      if options.json {
        return try JSONOutput.print(FormatsOutput(formats: rows))
      }
      for row in rows {
        let mark = row.isReadable ? "reads     " : "recognises"
        try console.print("\(mark)  \(row.id.padding(to: 14))  \(row.name): \(row.description)")
        try console.print("            \(String(repeating: " ", count: 14))  told by: \(row.detection)")
      }
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

    init(_ format: CheckpointFormat) {
      id = format.identifier
      name = format.name
      isReadable = format.isReadable
      detection = format.detection
      description = format.origin
    }
  }
}
