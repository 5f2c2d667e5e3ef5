import Architecture
import Archives
import Checkpoints
import Models

/// What `inspect` prints, with and without `--json`.
struct InspectOutput: SchemaOutput {
  static let schema = "inspect"
  var format: String
  var layout: String
  var files: [File]
  /// For a checkpoint in one file, because SHA-256 sums are published for single files.
  var identity: FileIdentity?
  var architecture: String
  var convention: String
  var towers: [String]
  var decisions: [DecisionRow]
  var tensorCount: Int
  var parameterCount: Int
  var ignored: [IgnoredRow]
  var notes: [String]
  var problems: [ProblemRow]
  var tensors: [TensorRow]?
  var regions: [RegionRow]?

  struct File: Encodable {
    var path: String
    var byteCount: Int
  }

  struct IgnoredRow: Encodable {
    var name, reason: String
    var tensorCount: Int
  }

  struct ProblemRow: Encodable {
    var message, hint: String
  }

  struct TensorRow: Encodable {
    var name, dtype: String
    var shape: [Int]
  }

  /// The content of one range of a file: a tensor, a zip member, or a structure of the format.
  struct RegionRow: Encodable {
    var file: String
    var offset, byteCount: Int
    var kind: String
    var name: String?
  }

  init(_ inspection: ModelInspection, _ identity: FileIdentity?, listsTensors: Bool, listsRegions: Bool) {
    self.identity = identity
    let checkpoint = inspection.checkpoint
    format = checkpoint.format.name
    layout = checkpoint.layout.description
    files = checkpoint.files.map { File(path: $0.path, byteCount: $0.byteCount) }
    architecture = ArchitectureCatalogue.name(of: inspection.architecture) ?? inspection.architecture.summary
    convention = inspection.convention
    towers = Tower.allCases.filter { inspection.architecture.has($0) }.map { "\($0)" }
    decisions = inspection.decisions.map(DecisionRow.init)
    tensorCount = inspection.accounting.usedCount
    parameterCount = ParameterSchema(inspection.architecture, score: inspection.scoreKind)
      .parameters.reduce(0) { $0 + $1.elementCount }
    ignored = inspection.accounting.ignored.map {
      IgnoredRow(name: $0.name, reason: $0.reason, tensorCount: $0.tensorCount)
    }
    notes = inspection.notes
    problems = inspection.problems.map { ProblemRow(message: $0.description, hint: $0.hint) }
    tensors =
      listsTensors
      ? checkpoint.tensors.map {
        TensorRow(name: $0.name, dtype: $0.storedType, shape: $0.shape)
      } : nil
    regions = listsRegions ? checkpoint.regions.map(RegionRow.init) : nil
  }

  /// The same for people.
  ///
  /// - Parameter architecture: the model's, in words.
  func lines(_ architecture: String) -> [String] {
    var lines = [architecture, "  format        \(format), \(layout)"]
    for file in files {
      lines.append("  file          \(file.path.unbroken) (\(formattedBytes(file.byteCount)))")
    }
    if let identity { lines.append("  identity      \(identity.words)") }
    lines.append("  towers        \(towers.joined(separator: ", "))")
    lines.append(
      "  tensors       \(tensorCount) used, \(convention) names, \(fixed(Double(parameterCount) / 1e6, 2)) million "
        + "parameters")
    for row in ignored {
      let count = row.tensorCount > 1 ? " (\(counted(row.tensorCount, "tensor")))" : ""
      lines.append("  ignored       \(row.name)\(count): \(row.reason)")
    }
    lines += decisionLines
    for note in notes { lines.append("  note          \(note)") }
    for row in tensors ?? [] {
      lines.append("  tensor        \(row.name) \(row.dtype) \(row.shape)")
    }
    lines += regionLines
    for problem in problems {
      lines += ["  problem       \(problem.message)", "                hint: \(problem.hint)"]
    }
    return lines
  }
}

extension InspectOutput {
  /// Settings that tensor shapes do not determine, grouped by the source of their values.
  private var decisionLines: [String] {
    decisions.grouped.flatMap { group in
      ["  settings      from \(group.source): \(group.detail)"]
        + group.values.map { "                  \($0)" }
    }
  }
}

extension CLIPArchitecture {
  func has(_ tower: Tower) -> Bool {
    switch tower {
    case .image: image != nil
    case .text: text != nil
    }
  }
}
