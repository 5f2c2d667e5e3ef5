internal import Architecture
public import BundleFormat
internal import Output

/// One row of the table of targets: what `export` writes for another tool, and what that tool supports.
///
/// The rest of the program uses targets only through these rows. The command, its help and docs/EXPORT.md iterate
/// over `ExportTarget.all`. To add a target, add a folder next to this file with a row, and the row's name to that
/// list.
public struct ExportTarget: Sendable {
  /// The spelling on the command line; stable, and part of `--json`.
  public let identifier: String
  /// The common name of the tool or format.
  public let name: String
  /// The output, in one line.
  public let summary: String
  /// Whether the output is a folder.
  public var isFolder: Bool { layout != nil }
  /// The precisions in which weights can be stored.
  public let precisions: [Precision]
  /// Every file that the output folder can contain.
  let layout: FolderLayout?
  /// Lays out the files for a model, or throws why the target cannot represent it.
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

  /// Only a folder with one of these layouts is replaced.
  static let layouts = all.compactMap(\.layout)
}

extension ExportTarget: Hashable {
  public static func == (left: Self, right: Self) -> Bool { left.identifier == right.identifier }
  public func hash(into hasher: inout Hasher) { hasher.combine(identifier) }
}

/// The files of an export, in which only the weights are still missing, and the notes for the user.
struct ExportPlan: Sendable {
  var files: [PlannedFile]
  var notes: [String] = []
}

extension CLIPArchitecture {
  /// - Throws: `sigLIP`, if a tower is not one of OpenAI's.
  func requireCLIP(_ target: ExportTarget) throws(ExportError) {
    let hasProbe =
      switch image?.pool {
      case .probe: true
      case .classToken, .attention, nil: false
      }
    guard hasProbe || text?.pooling == .last else { return }
    throw .refused(ExportRefusal(.sigLIP, target, found: hasProbe ? "probe" : "pooling at the last position"))
  }
}
