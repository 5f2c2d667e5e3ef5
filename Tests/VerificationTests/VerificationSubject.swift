import Architecture
import BundleFormat
import Checkpoints
import Conversion
import Foundation
import Models
import TensorTypes
import TestSupport
import Verification

/// Models and bundles to test the verifier with.
enum VerificationSubject {
  /// The trained mini ViT: OpenAI's archive, three blocks in each tower, the real tokenizer.
  static func miniViT(activation: Activation? = nil, crop: Preprocessing.CropRounding? = nil) throws
    -> CLIPModel
  {
    try model("minis/mini-vit.pt") { options in
      options.activation = PerTower(image: activation, text: activation)
      if let crop {
        var preprocessing = Preprocessing.openAI
        preprocessing.crop = crop
        options.preprocessing = .exactly(preprocessing)
      }
    }
  }

  /// The same with other settings than OpenAI's.
  static func miniViT(
    pooling: TextPooling? = nil, _ change: (inout Preprocessing) -> Void
  ) throws -> CLIPModel {
    var preprocessing = Preprocessing.openAI
    change(&preprocessing)
    return try model("minis/mini-vit.pt") {
      $0.preprocessing = .exactly(preprocessing)
      $0.pooling = pooling
    }
  }

  static func miniResNet() throws -> CLIPModel { try model("minis/mini-rn.pt") { _ in } }

  /// The tiny ViT, both of whose projections are square.
  static func squareProjections() throws -> CLIPModel {
    try model("valid/vit-torchscript-1.7.pt") { $0.preprocessing = .openAI }
  }

  private static func model(_ fixture: String, _ configure: (inout ModelOptions) -> Void) throws -> CLIPModel
  {
    var options = ModelOptions()
    configure(&options)
    return try CLIPModel(Checkpoint.open(Fixture.url(fixture).path), options: options)
  }

  /// Calls `body` with the path of a bundle made of `model`.
  static func withBundle<Result>(
    of model: CLIPModel, _ precision: Precision, _ body: (String) throws -> Result
  ) throws -> Result {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "model.pclip").path
      var request = ConversionRequest(model: model, output: path, tool: "VerificationTests")
      request.precision = precision
      _ = try Conversion.run(request)
      return try body(path)
    }
  }
}

extension CLIPModel {
  /// The same model with the values of one parameter changed.
  func changing(_ name: String, _ change: @escaping @Sendable (inout [Float], [Int]) -> Void) throws
    -> CLIPModel
  {
    CLIPModel(
      architecture: architecture, preprocessing: preprocessing, tokenizer: tokenizer, schema: schema,
      accounting: accounting, source: source,
      store: ChangedStore(original: store, name: ParameterName(utf8: Array(name.utf8)), change: change))
  }
}

/// Changes one parameter and returns all others unchanged.
private struct ChangedStore: ParameterStore {
  let original: any ParameterStore
  let name: ParameterName
  let change: @Sendable (inout [Float], [Int]) -> Void

  func read(
    _ parameter: Parameter, from first: Int, into output: UnsafeMutableBufferPointer<Float>
  ) throws(ModelError) {
    guard parameter.name == name else { return try original.read(parameter, from: first, into: output) }
    let whole = UnsafeMutableBufferPointer<Float>.allocate(capacity: parameter.elementCount)
    defer { whole.deallocate() }
    try original.read(parameter, from: 0, into: whole)
    var values = Array(whole)
    change(&values, parameter.shape)
    for index in 0..<output.count { output[index] = values[first + index] }
  }

  func withMappedValues<Result>(
    of parameter: Parameter, _ body: (UnsafeBufferPointer<Float>?) -> Result
  ) throws(ModelError) -> Result {
    if parameter.name == name { return body(nil) }
    return try original.withMappedValues(of: parameter, body)
  }

  func storedType(of parameter: Parameter) -> DType { original.storedType(of: parameter) }

  func release(_ parameter: Parameter) { original.release(parameter) }
}

/// Common faults in ported CLIP implementations.
enum Mutation {
  /// Exchanges rows of a fused in-projection: the first third (queries) and the second (keys).
  static let swapsQueriesAndKeys: @Sendable (inout [Float], [Int]) -> Void = { values, _ in
    let third = values.count / 3
    for index in 0..<third { values.swapAt(index, third + index) }
  }

  static let transposes: @Sendable (inout [Float], [Int]) -> Void = { values, shape in
    for row in 0..<shape[0] {
      for column in 0..<row { values.swapAt(row * shape[1] + column, column * shape[1] + row) }
    }
  }

  /// Doubles the largest scale of a tensor of an int8 bundle and updates its digest: the output of a faulty writer,
  /// not a damaged file.
  static func doubleLargestScale(of tensor: String, inBundleAt path: String) throws {
    var bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    let header = try BundleHeader(file: bytes.span.bytes)
    let name = ParameterName(utf8: Array("\(tensor).scale".utf8))
    guard let index = header.tensors.firstIndex(where: { $0.name == name }) else {
      throw MissingScale(tensor: tensor)
    }
    let scale = header.tensors[index]
    var largest = (value: Float(0), offset: 0)
    for offset in stride(from: scale.byteOffset, to: scale.byteOffset + scale.byteCount, by: 4) {
      let value = bytes[offset..<offset + 4].withUnsafeBytes { $0.loadUnaligned(as: Float.self) }
      if value > largest.value { largest = (value, offset) }
    }
    withUnsafeBytes(of: 2 * largest.value) {
      bytes.replaceSubrange(largest.offset..<largest.offset + 4, with: $0)
    }
    var digest = DigestStream()
    digest.update(Array(bytes[scale.byteOffset..<scale.byteOffset + scale.byteCount]))
    let stated = header.digests[index].hex
    guard let position = bytes[..<header.byteCount].firstRange(of: stated) else {
      throw MissingScale(tensor: tensor)
    }
    bytes.replaceSubrange(position, with: digest.finish().hex)
    try Data(bytes).write(to: URL(filePath: path))
  }

  struct MissingScale: Error { var tensor: String }
}
