public import BundleFormat
public import Models
public import Progress

/// What to export, and to which target.
public struct ExportRequest: Sendable {
  public var model: CLIPModel
  public var target: ExportTarget
  /// A file or a folder, depending on the target.
  public var output: String
  public var precision = Precision.fp32
  /// Whether an existing file, or the folder of an earlier export, may be replaced.
  public var replacesExisting = false
  /// 0 for all threads that this process may use. The bytes do not depend on it.
  public var threads = 0
  /// Called between tensors, from any thread. If it returns true, the export stops and leaves nothing.
  public var isCancelled: (@Sendable () -> Bool)?
  /// Receives each phase.
  public var progress = WorkProgress.unwatched

  public init(model: CLIPModel, target: ExportTarget, output: String) {
    self.model = model
    self.target = target
    self.output = output
  }
}

/// The files that were written.
public struct ExportedModel: Sendable, Equatable {
  public struct File: Sendable, Equatable {
    /// The path below the output folder; the output itself for a single file.
    public var name: String
    public var byteCount: Int
  }

  public var files: [File]
  /// The source's embedding space, as far as it is known: vectors of this space may be compared with the source's.
  public var spaceID: SpaceID
  /// Properties that the target cannot represent, or represents differently.
  public var notes: [String]
}
