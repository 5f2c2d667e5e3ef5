public import Architecture
public import BundleFormat
public import Models
public import Verification

/// What to convert, and to what.
public struct ConversionRequest: Sendable {
  /// Every tower of the source.
  public var model: CLIPModel
  public var output: String
  public var precision = Precision.fp16
  /// Write this tower alone; the other's id is carried all the same.
  public var tower: Tower?
  public var replacesExisting = false
  /// Nil switches measuring off, and the bundle says so.
  public var fidelity: FidelityPolicy?
  /// What the fidelity is measured by.
  public var reference = ReferenceRequest()
  /// 0 for all that this process may use.
  public var threads = 0
  /// Told how many of how many weights are written, now and then and from any thread.
  public var onProgress: (@Sendable (_ done: Int, _ total: Int) -> Void)?
  /// Told when the weights are written, before the bundle is run.
  public var onWritten: (@Sendable () -> Void)?
  /// Recorded in the bundle: name and version.
  public var tool: String

  public init(model: CLIPModel, output: String, tool: String) {
    self.model = model
    self.output = output
    self.tool = tool
  }

  /// The towers to write.
  var architecture: CLIPArchitecture {
    switch tower {
    case .image: model.architecture.keeping(image: true, text: false)
    case .text: model.architecture.keeping(image: false, text: true)
    case nil: model.architecture
    }
  }
}
