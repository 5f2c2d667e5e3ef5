import Architecture
import BundleFormat
import Checkpoints
import Conversion
import Foundation
import ModelDiff
import Models
import TensorTypes
import TestSupport
import Verification

/// Models to compare.
enum DiffSubject {
  static func miniViT(_ configure: (inout ModelOptions) -> Void = { _ in }) throws -> CLIPModel {
    try model("minis/mini-vit.pt", configure)
  }

  static func miniResNet() throws -> CLIPModel { try model("minis/mini-rn.pt") }

  /// The tiny ViT of Fixtures/valid, in one of its formats.
  static func tiny(_ fixture: String) throws -> CLIPModel {
    try model("valid/\(fixture)") { options in
      options.activation = PerTower(both: .quickGELU)
      options.heads = PerTower(both: 1)
      options.epsilon = PerTower(both: 1e-5)
      options.pooling = .highestID
      options.preprocessing = .openAI
      options.resizeBackend = .pillow
      options.alpha = .drop
      options.tokenizer = TokenizerChoice.none
    }
  }

  static func model(_ fixture: String, _ configure: (inout ModelOptions) -> Void = { _ in }) throws
    -> CLIPModel
  {
    var options = ModelOptions()
    configure(&options)
    return try CLIPModel(Checkpoint.open(Fixture.url(fixture).path), options: options)
  }

  /// Calls `body` with the model read back from a bundle.
  static func withBundle<Result>(
    of model: CLIPModel, _ precision: Precision, _ body: (CLIPModel) throws -> Result
  ) throws -> Result {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "model.pclip").path
      var request = ConversionRequest(model: model, output: path, tool: "ModelDiffTests")
      request.precision = precision
      _ = try Conversion.run(request)
      return try body(CLIPModel.open(path))
    }
  }

  static func report(
    _ a: CLIPModel, _ b: CLIPModel, _ configure: (inout DiffRequest) -> Void = { _ in }
  ) throws -> DiffReport {
    var request = DiffRequest(a, b)
    configure(&request)
    return try request.report()
  }

  /// make_diff.py's change: value i times 1 + (i mod 13 − 6) / 16, in FP32.
  static let scaled: @Sendable (inout [Float]) -> Void = { values in
    for index in values.indices { values[index] *= 1 + Float(index % 13 - 6) / 16 }
  }
}

/// `Fixtures/diff/mini-vit.json`, by NumPy and open_clip.
struct ExpectedDiff: Decodable {
  struct Cosines: Decodable {
    var worst, mean: Double
  }

  struct Tensor: Decodable {
    var relative, maximum, worst, mean: Double
    var changed: Int
  }

  var tensors: [String: Tensor]
  var all, gelu: Cosines

  static func read() throws -> ExpectedDiff { try Fixture.decoded("diff/mini-vit.json", as: Self.self) }
}

extension CLIPModel {
  /// The same model with other values of some parameters, stored as another type if one is given.
  func changing(
    _ names: [String], storedAs type: DType? = nil, _ change: @escaping @Sendable (inout [Float]) -> Void
  ) -> CLIPModel {
    changing(Set(names.map { ParameterName(utf8: Array($0.utf8)) }), type) { _, values in change(&values) }
  }

  /// The same with every parameter that `change` changes.
  func changingAll(
    storedAs type: DType? = nil, _ change: @escaping @Sendable (Parameter, inout [Float]) -> Void
  ) -> CLIPModel {
    changing(Set(schema.parameters.map(\.name)), type, change)
  }

  private func changing(
    _ names: Set<ParameterName>, _ type: DType?,
    _ change: @escaping @Sendable (Parameter, inout [Float]) -> Void
  ) -> CLIPModel {
    CLIPModel(
      architecture: architecture, preprocessing: preprocessing, tokenizer: tokenizer, schema: schema,
      accounting: accounting, source: source,
      store: ChangedStore(original: store, names: names, type: type, change: change))
  }
}

private struct ChangedStore: ParameterStore {
  let original: any ParameterStore
  let names: Set<ParameterName>
  let type: DType?
  let change: @Sendable (Parameter, inout [Float]) -> Void

  func read(
    _ parameter: Parameter, from first: Int, into output: UnsafeMutableBufferPointer<Float>
  ) throws(ModelError) {
    guard names.contains(parameter.name) else {
      return try original.read(parameter, from: first, into: output)
    }
    let whole = UnsafeMutableBufferPointer<Float>.allocate(capacity: parameter.elementCount)
    defer { whole.deallocate() }
    try original.read(parameter, from: 0, into: whole)
    var values = Array(whole)
    change(parameter, &values)
    for index in 0..<output.count { output[index] = values[first + index] }
  }

  func withMappedValues<Result>(
    of parameter: Parameter, _ body: (UnsafeBufferPointer<Float>?) -> Result
  ) throws(ModelError) -> Result {
    if names.contains(parameter.name) { return body(nil) }
    return try original.withMappedValues(of: parameter, body)
  }

  func storedType(of parameter: Parameter) -> DType {
    names.contains(parameter.name)
      ? type ?? original.storedType(of: parameter) : original.storedType(of: parameter)
  }

  func release(_ parameter: Parameter) { original.release(parameter) }
}
