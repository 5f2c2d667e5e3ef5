public import Architecture
public import BundleFormat
public import Models
public import Progress
public import Verification

/// What to convert, and to which form.
public struct ConversionRequest: Sendable {
  /// The model with all towers of the source.
  public var model: CLIPModel
  public var output: String
  public var precision = Precision.fp16
  /// The only tower to write; the bundle stores the other tower's id too.
  public var tower: Tower?
  public var replacesExisting = false
  /// Nil switches measuring off, which the bundle records.
  public var fidelity: FidelityPolicy?
  /// The reference for measuring the fidelity.
  public var reference = ReferenceRequest()
  /// 0 for all threads that this process may use.
  public var threads = 0
  /// Receives each phase.
  public var progress = WorkProgress.unwatched
  /// Called after the weights are written, before the bundle is run.
  public var onWritten: (@Sendable () -> Void)?
  /// How far an int8 conversion may go to reach its bounds.
  public var effort = Effort.automatic
  /// The forms of the matrices of an int8 bundle; nil to choose them.
  public var recipe: Recipe?
  /// Matrices of an int8 bundle that stay FP16.
  public var keptHalves: Set<ParameterName> = []
  /// The most bytes of an int8 bundle; nil for any size.
  public var maximumByteCount: Int?
  /// The images and texts that choose roundings; nil for the built-in ones.
  public var calibrationSet: ProbeSet?
  /// Called before the rungs that follow a missed bound: with the rung, what was missed, and the forms to try, in words.
  public var onRung: (@Sendable (Rung, [Report], String) -> Void)?
  /// Recorded in the bundle: name and version.
  public var tool: String

  public init(model: CLIPModel, output: String, tool: String) {
    self.model = model
    self.output = output
    self.tool = tool
  }

  /// The towers to write.
  public var architecture: CLIPArchitecture {
    switch tower {
    case .image: model.architecture.keeping(image: true, text: false)
    case .text: model.architecture.keeping(image: false, text: true)
    case nil: model.architecture
    }
  }
}
