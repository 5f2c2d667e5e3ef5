public import BundleFormat
internal import Output

/// One row of the table of targets: what `export` writes for other tools, and what it can hold.
///
/// The row is all that the rest of the product knows of a target. The command, its help and docs/EXPORT.md go through
/// `ExportTarget.all`; a new target is a folder beside this file with a row in it, and the row's name in that list.
public struct ExportTarget: Sendable {
  /// As the command line spells it; stable, and part of `--json`.
  public let identifier: String
  /// As people call the tool or format.
  public let name: String
  /// What is written, in one line.
  public let summary: String
  /// Whether the output is a folder.
  public var isFolder: Bool { layout != nil }
  /// How weights can be stored there.
  public let precisions: [Precision]
  /// Every file that the output folder may have.
  let layout: FolderLayout?
  /// Lays out the files for a model, or says why the target cannot hold it.
  let plan: Plan

  typealias Plan = @Sendable (_ request: ExportRequest, _ spaceID: SpaceID) throws(ExportError) -> ExportPlan

  init(
    _ identifier: String, name: String, summary: String,
    precisions: [Precision] = [.fp32, .fp16], layout: FolderLayout? = nil, plan: @escaping Plan
  ) {
    self.identifier = identifier
    self.name = name
    self.summary = summary
    self.precisions = precisions
    self.layout = layout
    self.plan = plan
  }
}

extension ExportTarget {
  /// Every target, in the order in which help and documentation list them.
  public static let all: [ExportTarget] = [.safetensors, .huggingFace, .openCLIP, .onnx]

  /// The row with this identifier.
  public init?(identifier: String) {
    guard let row = Self.all.first(where: { $0.identifier == identifier }) else { return nil }
    self = row
  }

  /// Only a folder of one of these is replaced.
  static let layouts = all.compactMap(\.layout)
}

extension ExportTarget: Hashable {
  public static func == (left: Self, right: Self) -> Bool { left.identifier == right.identifier }
  public func hash(into hasher: inout Hasher) { hasher.combine(identifier) }
}

/// Every file of an export, all of its bytes known but for the weights, and what there is to say about it.
struct ExportPlan: Sendable {
  var files: [PlannedFile]
  var notes: [String] = []
}
