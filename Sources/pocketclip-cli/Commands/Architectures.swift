import Architecture
import ArgumentParser
import BundleFormat
import Models

struct Architectures: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the architectures by name, with their sizes.",
    discussion: """
      --architecture takes these names, and synthetic:NAME stands for a model of one with generated weights.
      `image` is the width and height in pixels, `values` the length of an embedding; FP16 and int8 are the sizes of a bundle with both towers and the tokenizer.

      Example: pocketclip architectures --json
      """)

  @OptionGroup var options: ConsoleOptions

  func run() throws {
    try options.run { console in
      let output = ArchitecturesOutput()
      if options.json { return try JSONOutput.print(output) }
      try console.print(output.lines)
    }
  }
}

struct ArchitecturesOutput: SchemaOutput {
  static let schema = "architectures"
  var architectures = ArchitectureCatalogue.entries.map(Row.init)

  struct Row: Encodable {
    var name: String
    var imageSize: Int
    /// Values of an embedding.
    var embeddingWidth: Int
    var parameterCount: Int
    /// Tensors of a bundle with both towers and the tokenizer.
    var fp16ByteCount, int8ByteCount: Int
    /// Of the text tower, and of an image tower that has a choice of activations.
    var activation: String
  }

  /// The same for people.
  var lines: [String] {
    let width = architectures.map(\.name.count).max() ?? 0
    let title =
      "name".padding(to: width) + "  image  values   params     FP16     int8  activation"
    return [title]
      + architectures.map { row in
        [
          row.name.padding(to: width), "\(row.imageSize)".leftPadding(to: 5),
          "\(row.embeddingWidth)".leftPadding(to: 6),
          "\(fixed(Double(row.parameterCount) / 1e6, 0)) M".leftPadding(to: 7),
          formattedBytes(row.fp16ByteCount).leftPadding(to: 7),
          formattedBytes(row.int8ByteCount).leftPadding(to: 7), row.activation,
        ].joined(separator: "  ")
      }
  }
}

extension ArchitecturesOutput.Row {
  init(_ entry: ArchitectureCatalogue.Entry) {
    let architecture = entry.architecture
    name = entry.name
    imageSize = architecture.image?.imageSize ?? 0
    embeddingWidth = architecture.image?.outputWidth ?? 0
    parameterCount = ParameterSchema(architecture).parameters.reduce(0) { $0 + $1.elementCount }
    fp16ByteCount = Self.byteCount(architecture, .fp16)
    int8ByteCount = Self.byteCount(architecture, .int8)
    activation = architecture.text?.stack.activation.fieldText ?? ""
  }

  private static func byteCount(_ architecture: CLIPArchitecture, _ precision: Precision) -> Int {
    var description = BundleDescription()
    description.architecture = architecture
    description.score = .softmax
    description.tokenizer = .openAI
    (description.imagePrecision, description.textPrecision) = (precision, precision)
    return BundleLayout(description).byteCount
  }
}
