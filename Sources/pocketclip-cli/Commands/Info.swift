import Architecture
import Archives
import ArgumentParser
import BundleFormat
import Conversion
import Foundation
import Models
import PocketCLIP
import Verification

struct Info: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show the contents and origin of a bundle, and the memory that it needs.",
    usage: "pocketclip info [<options>] [<bundle>]",
    discussion: """
      Without a bundle: the version, and the kernels for this machine.

      Example: pocketclip info b32.pclip
               pocketclip info b32.pclip --markdown > b32.md
      """)

  @Argument(help: ArgumentHelp("A bundle.", valueName: "bundle"))
  var path: String?

  @Flag(help: "Print a page in Markdown to publish beside the bundle (docs/CARD.md).")
  var markdown = false

  @OptionGroup var runtime: RuntimeOptions
  @OptionGroup var options: ConsoleOptions

  private func check() throws(Failure) {
    guard path != nil || !runtime.isGiven else {
      throw Failure(
        .usage, "--arithmetic, --threads and --isa have no effect without a bundle",
        hint: "give a bundle, or leave them out")
    }
    guard !markdown || path != nil && !options.json else {
      throw Failure(
        .usage, "--markdown describes a bundle, and excludes --json",
        hint: path == nil ? "give a bundle: `pocketclip info BUNDLE --markdown`" : "give one of the two")
    }
    try runtime.check()
  }

  func run() throws {
    try options.run { console in
      try check()
      let bundle = try path.map { try OpenBundle.opened($0, runtime.modelOptions) }
      if markdown, let bundle {
        try StandardOutput.write(Data(BundleCard(bundle).text.utf8))
        return
      }
      let output = InfoOutput(bundle)
      if options.json {
        try JSONOutput.print(output)
      } else {
        try console.print(output.lines(bundle?.description.architecture.words ?? ""))
      }
    }
  }
}

struct InfoOutput: SchemaOutput {
  static let schema = "info"
  var toolVersion = runtimeVersion
  var instructionSet = instructionSetName
  var bundle: Bundle?

  struct Bundle: Encodable {
    var path: String
    var model: String
    var towers: [String]
    var precision: [String: String]
    var embeddingDimension: Int
    var imageSize, contextLength: Int?
    var preprocessing, resizeBackend, alpha, tokenizer, textRules: String?
    var logitScale, logitBias: Float?
    var scoreKind: String
    var spaceId: SpaceID
    var bundleId: String
    var fileByteCount: UInt64
    /// Validating the header and indexing the tokenizer.
    var openSeconds: Double
    /// Scratch of one session at batch 1 with images of 12 megapixels.
    var sessionByteCount: Int
    /// By tower: the memory of a process that embeds one item, including pages that it shares with other processes.
    var residentByteCount: [String: Int]
    var arithmetic: String
    var threads: Int
    var demandedCosine: [String: Double]
    /// The form of each int8 tower's matrices; nil if no tower is int8.
    var matrices: [MatrixRow]?
    /// What chose roundings; nil if none were chosen.
    var calibration: String?
    var source: Source
  }

  struct Source: Encodable {
    var format, file: String
    var sha256: String?
    var tool, license, attribution: String
  }

  init(_ input: OpenBundle?) { bundle = input.map(Bundle.init) }

  /// The same for people.
  ///
  /// - Parameter architecture: the bundle's, in words.
  func lines(_ architecture: String) -> [String] {
    guard let bundle else { return ["pocketclip \(toolVersion), kernels \(instructionSet)"] }
    return ["\(bundle.path.unbroken): \(architecture)"] + bundle.contentLines
      + bundle.useLines(instructionSet) + bundle.source.lines + [
        "  ids           space \(bundle.spaceId.short), bundle \(ShortID.text(bundle.bundleId)); --json prints them in "
          + "full"
      ]
  }
}

extension InfoOutput.Bundle {
  fileprivate var contentLines: [String] {
    let towers = towers.map { "\($0) (\(precision[$0] ?? ""))" }.joined(separator: ", ")
    let images = imageSize.map { ["  images        \($0) × \($0) pixels, \(preprocessing ?? "")"] } ?? []
    let texts = contextLength.map { ["  texts         \($0) tokens, tokenizer \(tokenizer ?? "none")"] } ?? []
    let rules = textRules.map { ["  text rules    \($0)"] } ?? []
    let scale = logitScale.map { ["  logit scale   \(fixed(Double($0), 4))"] } ?? []
    let bias = logitBias.map { ["  logit bias    \(fixed(Double($0), 4)), of a sigmoid"] } ?? []
    let bounds = demandedCosine.sorted { $0.key < $1.key }.map { "\($0.value) (\($0.key))" }
    let demanded =
      bounds.isEmpty
      ? [] : ["  fidelity      convert demanded worst cosines of at least \(bounds.joined(separator: ", "))"]
    let rounding = calibration.map { ["  rounding      calibrated on \($0)"] } ?? []
    return ["  towers        \(towers)", "  embedding     \(embeddingDimension) values"] + images + texts
      + rules
      + scale + bias + demanded + (matrices?.summaryLines ?? []) + rounding
  }

  fileprivate func useLines(_ instructionSet: String) -> [String] {
    let resident = residentByteCount.sorted { $0.key < $1.key }.map {
      "\(formattedBytes($0.value)) (\($0.key))"
    }
    return [
      "  memory        \(formattedBytes(Int(clamping: fileByteCount))) mapped and shared between processes, "
        + "\(formattedBytes(sessionByteCount)) for each session at batch 1; a process that embeds one item takes "
        + resident.joined(separator: ", "),
      "  runs with     \(arithmetic) arithmetic, \(counted(threads, "thread")), kernels \(instructionSet); opened in "
        + "\(fixed(openSeconds * 1000, 1)) ms",
    ]
  }
}

extension InfoOutput.Source {
  fileprivate var lines: [String] {
    ["  source        \(file.unbroken) (\(format)), converted by \(tool)"]
      + (sha256.map { ["  source SHA    \(ShortID.text($0)) (SHA-256)"] } ?? [])
      + (license.isEmpty ? [] : ["  licence       \(license)"])
      + (attribution.isEmpty ? [] : ["  attribution   \(attribution)"])
  }
}

extension InfoOutput.Bundle {
  init(_ input: OpenBundle) {
    let information = input.model.information
    let description = input.description
    path = input.path
    model = String(decoding: description.model, as: UTF8.self)
    towers = Tower.allCases.filter { description.architecture.has($0) }.map { "\($0)" }
    precision = [:]
    demandedCosine = [:]
    if description.architecture.image != nil {
      precision["image"] = description.imagePrecision.fieldValue.description
      imageSize = information.imageSize
      preprocessing = description.preprocessing.summary
      resizeBackend = description.preprocessing.backend.fieldValue.description
      alpha = description.preprocessing.alpha.fieldValue.description
    }
    if description.architecture.text != nil {
      precision["text"] = description.textPrecision.fieldValue.description
      contextLength = information.contextLength
      tokenizer = description.tokenizer.fieldValue.description
      textRules = input.header.textRules(of: input.file)
    }
    embeddingDimension = information.embeddingDimension
    logitScale = information.logitScale
    logitBias = information.logitBias
    scoreKind = information.scoreKind.rawValue
    spaceId = information.space
    bundleId = information.bundleID
    fileByteCount = information.fileByteCount
    openSeconds = input.openDuration.seconds
    sessionByteCount = Self.sessionByteCount(input.model)
    residentByteCount = [:]
    for tower in Tower.allCases where description.architecture.has(tower) {
      residentByteCount["\(tower)"] =
        input.header.weightByteCount(tower) + sessionByteCount + Self.processByteCount
    }
    // Only int8 bundles have `fast`; in other bundles every product has float operands.
    arithmetic =
      "\(information.arithmetic == .fast && !description.hasInt8 ? .exact : information.arithmetic)"
    threads = information.threads
    demandedCosine = description.fidelity.demandedCosine
    let recipe = Recipe(description)
    matrices = recipe.matrices.isEmpty ? nil : recipe.matrices.map(MatrixRow.init)
    calibration = recipe.calibration.isEmpty ? nil : recipe.calibration
    source = InfoOutput.Source(description.provenance)
  }

  /// The library, libc, the header and the tokenizer's index: 4 to 5 MB in measured processes.
  private static let processByteCount = 4_500_000

  /// Batch 1, images up to 4000 × 3000.
  private static func sessionByteCount(_ model: Model) -> Int {
    var limits = Session.Limits()
    limits.batch = 1
    limits.width = 4000
    limits.height = 3000
    return Session.byteCount(model, limits: limits)
  }
}

extension BundleHeader {
  /// Bytes that computing one item reads: everything except the token table, of which a text reads a few rows.
  fileprivate func weightByteCount(_ tower: Tower) -> Int {
    let parameters = ParameterSchema(description.architecture).parameters
    return tensors.reduce(0) { total, tensor in
      guard let index = tensor.parameter, parameters[index].tower == tower,
        parameters[index].role != .tokenTable
      else { return total }
      return total + tensor.byteCount
    }
  }
}

extension InfoOutput.Source {
  init(_ provenance: Provenance) {
    format = String(decoding: provenance.format, as: UTF8.self)
    file = String(decoding: provenance.file, as: UTF8.self)
    sha256 = provenance.sha256.map { String(decoding: $0.hex, as: UTF8.self) }
    tool = String(decoding: provenance.tool, as: UTF8.self)
    license = String(decoding: provenance.license, as: UTF8.self)
    attribution = String(decoding: provenance.attribution, as: UTF8.self)
  }
}

extension FidelityDemand {
  /// `image, fast` → 0.9998; empty if nothing was measured.
  var demandedCosine: [String: Double] {
    let stated = [
      ("image, fast", imageFast), ("image, exact", imageExact), ("text, fast", textFast),
      ("text, exact", textExact),
    ]
    return Dictionary(
      uniqueKeysWithValues: stated.compactMap { name, millionths in
        millionths.map { (name, Double($0) / 1e6) }
      })
  }
}

extension Preprocessing {
  /// `openai`, or the fields that differ.
  var summary: String {
    if self == .openAI { return "prepared as OpenAI does" }
    let edge = resizeEdge.map { " \($0)" } ?? ""
    let transparency = alpha == .drop ? "" : ", alpha on \(alpha.fieldValue)"
    return
      "\(resize.fieldValue)\(edge), \(interpolation.fieldValue) by \(backend.fieldValue), crop \(crop.fieldValue), RGB \(conversion.fieldValue)\(transparency), "
      + "mean \(mean.red) \(mean.green) \(mean.blue), "
      + "std \(standardDeviation.red) \(standardDeviation.green) \(standardDeviation.blue)"
  }
}
