public import BundleFormat
public import Models

/// What to export, and to what.
public struct ExportRequest: Sendable {
  public var model: CLIPModel
  public var target: ExportTarget
  /// A file or a folder, as the target is.
  public var output: String
  public var precision = Precision.fp32
  /// Whether a file, or the folder of an earlier export, may be replaced.
  public var replacesExisting = false
  /// 0 for all that this process may use; no byte depends on it.
  public var threads = 0
  /// Asked between tensors and from any thread: whether to stop, and leave nothing.
  public var isCancelled: (@Sendable () -> Bool)?
  /// Told how many of how many weights are written, now and then and from any thread.
  public var onProgress: (@Sendable (_ done: Int, _ total: Int) -> Void)?

  public init(model: CLIPModel, target: ExportTarget, output: String) {
    self.model = model
    self.target = target
    self.output = output
  }
}

/// What was written.
public struct ExportedModel: Sendable, Equatable {
  public struct File: Sendable, Equatable {
    /// Below the output folder; the output itself for a single file.
    public var name: String
    public var byteCount: Int
  }

  public var files: [File]
  /// Of the source, as far as it is known: vectors of this space may be compared with the source's.
  public var spaceID: SpaceID
  /// What the target cannot say, or says differently.
  public var notes: [String]
}
