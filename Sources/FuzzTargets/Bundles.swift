internal import Architecture
internal import Archives
internal import BundleFormat
internal import Models

/// Opens any bytes as a bundle. A bundle that opens is checked, and all its weights are restored, even if its
/// contents are meaningless.
@Sendable func fuzzBundle(_ bytes: RawSpan) {
  let file = MappedFile(copying: bytes, path: "fuzz")
  guard let weights = try? BundleWeights(file, verifiesDigests: false) else { return }
  try? weights.header.checkContent(of: bytes)
  for tensor in weights.header.tensors {
    precondition(tensor.byteOffset >= 0 && tensor.byteOffset + tensor.byteCount <= bytes.byteCount)
  }
  let description = weights.header.description
  for parameter in ParameterSchema(description.architecture, score: description.score).parameters {
    // The file bounds the number of values: every stored byte is at most one of them, or one of a BatchNorm.
    precondition(parameter.elementCount <= max(bytes.byteCount, 1 << 16), "\(parameter.name)")
    var values = [Float](repeating: 0, count: parameter.elementCount)
    let isRead = values.withUnsafeMutableBufferPointer { (try? weights.read(parameter, into: $0)) != nil }
    precondition(isRead, "\(parameter.name) of an open bundle cannot be read")
  }
}
