import Architecture
import BundleWriter
import Export
import Foundation
import Models
import Output
import TestSupport
import Testing

/// A committed model that exports start from.
struct SourceModel: Sendable, CustomTestStringConvertible {
  /// Relative to Fixtures, or absolute.
  var path: String
  var options = ModelOptions()

  var testDescription: String { path }
  var location: String { path.hasPrefix("/") ? path : Fixture.url(path).path }

  func open() throws -> CLIPModel { try CLIPModel.open(location, options: options) }

  static let miniViT = SourceModel(path: "minis/mini-vit.pt")
  static let miniRN = SourceModel(path: "minis/mini-rn.pt")
  /// Heads of 80 channels, 4 MLP widths that are not multiples of the width, GELU.
  static let head80 = SourceModel(path: "valid/head-80-open-clip")
  /// A score by sigmoid(scale · cosine + bias).
  static let sigmoid = SourceModel(path: "valid/sigmoid-open-clip")
  static let rn = SourceModel(path: "valid/rn-open-clip")
  /// Both towers without projections, GELU in one and its tanh form in the other, pooled at an id of its own.
  static let hidden = SourceModel(path: "runtime/hidden-fp32.pclip")
  static let textHidden = SourceModel(path: "valid/vit-hugging-face-text")
  static let imageProjected = SourceModel(
    path: "valid/vit-hugging-face-image-projection", options: openAIPixels)

  private static var openAIPixels: ModelOptions {
    var options = ModelOptions()
    options.preprocessing = .openAI
    options.pooling = .highestID
    return options
  }
}

extension ExportRequest {
  init(_ source: SourceModel, _ target: ExportTarget, to output: String) throws {
    self.init(model: try source.open(), target: target, output: output)
  }
}

/// The output's error, or nil.
func outputError(_ request: ExportRequest) -> OutputError? {
  guard case .output(let error) = exportError(request) else { return nil }
  return error
}

func exportError(_ request: ExportRequest) -> ExportError? {
  do throws(ExportError) {
    _ = try Exporter.run(request)
    return nil
  } catch { return error }
}

/// The settings of a model that tensor shapes do not determine.
func options(of model: CLIPModel) -> ModelOptions {
  var options = ModelOptions()
  options.preprocessing = model.preprocessing.map { .exactly($0) }
  options.heads.image = model.architecture.image?.heads
  options.activation.image = model.architecture.image?.activation
  options.epsilon.image = model.architecture.image?.trunk.stack?.epsilon
  options.pooling = model.architecture.text?.pooling
  if let stack = model.architecture.text?.stack {
    options.heads.text = stack.heads
    options.activation.text = stack.activation
    options.epsilon.text = stack.epsilon
  }
  return options
}

/// The largest difference of any weight; nil if the two do not have the same parameters.
func largestDifference(_ one: CLIPModel, _ other: CLIPModel) throws -> Float? {
  guard one.schema.parameters == other.schema.parameters else { return nil }
  var largest: Float = 0
  for parameter in one.schema.parameters {
    let (a, b) = (try one.values(of: parameter), try other.values(of: parameter))
    for (a, b) in zip(a, b) where a.bitPattern != b.bitPattern {
      largest = max(largest, abs(a - b), .ulpOfOne)
    }
  }
  return largest
}
