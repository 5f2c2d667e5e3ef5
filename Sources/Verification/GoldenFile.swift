internal import Architecture
internal import Archives
internal import Checkpoints
internal import SyntheticWeights
internal import TensorTypes

/// Outputs of an original implementation with their inputs. docs/GOLDEN.md describes the format.
public struct GoldenFile: Sendable {
  public let path: String
  /// Name of the model.
  public let model: String
  /// The packages and versions that wrote it.
  public let writer: String
  /// The source of the weights: the checkpoint's SHA-256, `synthetic`, ….
  public let weights: String
  /// Profile of synthetic weights.
  public let profile: String?
  /// Nil if a generator makes the pixels.
  private let storedPixels: [[Float]]?
  private let generator: String?
  let ids: [[Int32]]
  /// The inputs of pixels and ids; nil if the file holds only pixels and ids.
  let images: GoldenImages?
  let texts: GoldenTexts?
  let truth: Outputs
  let original: Outputs
  /// `[images, texts]` in float64.
  let logits: Vectors?

  /// As printed in reports.
  var truthName: String { "\(model) in float64 (\(writer))" }

  /// - Throws: `reading` if the file is not a safetensors file, `golden` if it breaks a rule of docs/GOLDEN.md.
  public init(path: String) throws(VerificationError) {
    let reader = try GoldenReader(path: path)
    self.path = path
    model = try reader.text("golden.model")
    writer = try reader.text("golden.writer")
    weights = try reader.text("golden.weights")
    profile = reader.optionalText("golden.profile")
    storedPixels = try reader.pixels()
    generator = reader.optionalText("image.probes")
    ids = try reader.ids()
    images = try reader.images(storedPixels)
    texts = try reader.texts(ids)
    truth = try reader.outputs("f64")
    original = try reader.outputs("f32")
    logits = try reader.vectors("logits.f64")
    guard truth.images != nil || truth.texts != nil else { throw reader.problem("no embedding") }
    let hasPixels = generator != nil || truth.images?.count ?? 0 == storedPixels?.count ?? 0
    guard hasPixels, truth.texts?.count ?? 0 == ids.count else {
      throw reader.problem("expected as many embeddings as inputs")
    }
  }

  /// The original implementation's inputs, for a model with images of `imageSize` and texts of `contextLength`.
  func inputs(_ architecture: CLIPArchitecture) throws(VerificationError) -> Inputs {
    var inputs = Inputs()
    if let size = architecture.image?.imageSize, let count = truth.images?.count {
      if let storedPixels {
        inputs.pixels = storedPixels
      } else {
        inputs.pixels = try generated(count: count, size: size)
      }
      guard inputs.pixels.allSatisfy({ $0.count == 3 * size * size }) else {
        throw .incomparable(
          "the model takes images of \(size) pixels a side, those of \(path) have another size")
      }
    }
    if let text = architecture.text, truth.texts != nil, hasPooledID(text.pooling) {
      let context = text.contextLength
      inputs.ids = ids
      guard ids.allSatisfy({ $0.count == context }) else {
        throw .incomparable("the model takes \(context) ids per text, those of \(path) have another number")
      }
    }
    return inputs
  }

  /// Whether the id at which the tower pools occurs in every text; the runtime rejects texts without it. Such a
  /// golden file uses another pooling, which `InputReport.pooling` reports.
  private func hasPooledID(_ pooling: TextPooling) -> Bool {
    switch pooling {
    case .highestID, .last: true
    case .firstID(let id): ids.allSatisfy { $0.contains { Int($0) == id } }
    }
  }

  private func generated(count: Int, size: Int) throws(VerificationError) -> [[Float]] {
    guard generator == SyntheticWeights.generator, count <= SyntheticProbes.imageCount else {
      throw .golden(
        file: path,
        problem: "expected image.pixels, or image.probes \(SyntheticWeights.generator) for at most "
          + "\(SyntheticProbes.imageCount) images, found \(generator ?? "neither") for \(count)")
    }
    return (0..<count).map { SyntheticProbes.image($0, size: size) }
  }
}

/// Parses a golden file.
struct GoldenReader {
  let path: String
  let metadata: [String: String]
  let tensors: [String: CheckpointTensor]

  init(path: String) throws(VerificationError) {
    do throws(ReadError) {
      let checkpoint = try Checkpoint.container(MappedFile(path: path))
      metadata = Dictionary(checkpoint.evidence.metadata.map { ($0.key, $0.value) }) { first, _ in first }
      tensors = Dictionary(checkpoint.tensors.map { ($0.name, $0) }) { first, _ in first }
    } catch {
      throw .reading(error)
    }
    self.path = path
    guard metadata["golden.version"] == "1" else {
      throw problem("expected golden.version 1, found \(metadata["golden.version"] ?? "none")")
    }
  }

  func problem(_ text: String) -> VerificationError { .golden(file: path, problem: text) }

  func text(_ key: String) throws(VerificationError) -> String {
    guard let text = metadata[key] else { throw problem("no \(key) in the metadata") }
    return text
  }

  func optionalText(_ key: String) -> String? { metadata[key] }

  /// A JSON array of strings.
  func strings(_ key: String) throws(VerificationError) -> [String] {
    let bytes = Array(try text(key).utf8)
    let values: [JSONValue]?
    do throws(ReadError) {
      values = try JSONParser.parse(bytes.span.bytes, limits: .standard).arrayValue
    } catch {
      throw .reading(error.inFile(path))
    }
    guard let values, values.allSatisfy({ $0.stringValue != nil }) else {
      throw problem("\(key): expected a JSON array of strings")
    }
    return values.compactMap(\.stringValue)
  }

  func bytes(_ tensor: CheckpointTensor) throws(VerificationError) -> [UInt8] {
    try floats(tensor).map { UInt8($0) }
  }

  /// Stored pixels.
  func pixels() throws(VerificationError) -> [[Float]]? {
    guard let tensor = tensors["image.pixels"] else { return nil }
    guard tensor.shape.count == 4, tensor.shape[1] == 3 else {
      throw problem("image.pixels: expected [n, 3, S, S], found \(tensor.shape)")
    }
    return rows(of: try floats(tensor), count: tensor.shape[0])
  }

  func ids() throws(VerificationError) -> [[Int32]] {
    guard let tensor = tensors["text.ids"] else { return [] }
    guard tensor.shape.count == 2, tensor.dtype == .i32 || tensor.dtype == .i64 else {
      throw problem(
        "text.ids: expected integers [m, C], found \(tensor.dtype.safetensorsName) \(tensor.shape)")
    }
    return rows(of: try floats(tensor), count: tensor.shape[0]).map { $0.map { Int32($0) } }
  }

  /// Embeddings of one precision, with stages if it is the reference.
  func outputs(_ precision: String) throws(VerificationError) -> Outputs {
    var outputs = Outputs(
      images: try vectors("image.embedding." + precision), texts: try vectors("text.embedding." + precision))
    guard precision == "f64", let stages = metadata["golden.stages"] else { return outputs }
    for stage in stages.split(separator: ",").map(String.init) {
      if stage.hasPrefix("visual.") {
        try append(stage, to: &outputs.imageStages)
      } else {
        try append(stage, to: &outputs.textStages)
      }
    }
    return outputs
  }

  private func append(_ stage: String, to trace: inout StageTrace) throws(VerificationError) {
    let pooled = try tensors["stage.\(stage).pooled"].map { tensor throws(VerificationError) in
      rows(of: try floats(tensor), count: tensor.shape.first ?? 0)
    }
    let mean = try tensors["stage.\(stage).mean"].map { tensor throws(VerificationError) in
      rows(of: try floats(tensor), count: tensor.shape.first ?? 0)
    }
    for item in 0..<max(pooled?.count ?? 0, mean?.count ?? 0) {
      let view = StageView(
        pooled: pooled.flatMap { item < $0.count ? $0[item] : nil },
        mean: mean.flatMap { item < $0.count ? $0[item] : nil })
      trace.append(view, to: stage)
    }
  }

  func vectors(_ name: String) throws(VerificationError) -> Vectors? {
    guard let tensor = tensors[name] else { return nil }
    guard tensor.shape.count == 2, tensor.elementCount > 0 else {
      throw problem("\(name): expected [probes, E], found \(tensor.shape)")
    }
    let values: [Double]
    if tensor.dtype == .f64 {
      values = try doubles(tensor)
    } else {
      values = try floats(tensor).map(Double.init)
    }
    guard values.allSatisfy(\.isFinite) else { throw problem("\(name) is not finite") }
    return Vectors(count: tensor.shape[0], width: tensor.shape[1], values: values)
  }

  private func doubles(_ tensor: CheckpointTensor) throws(VerificationError) -> [Double] {
    do throws(ReadError) {
      let values: [Double]? = try tensor.withRawBytes { bytes in
        guard let bytes else { return nil }
        return bytes.withUnsafeBytes { raw in
          (0..<tensor.elementCount).map { raw.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self) }
        }
      }
      guard let values else { return try tensor.floats().map(Double.init) }
      return values
    } catch {
      throw .reading(error)
    }
  }

  private func floats(_ tensor: CheckpointTensor) throws(VerificationError) -> [Float] {
    do throws(ReadError) { return try tensor.floats() } catch { throw .reading(error) }
  }

  private func rows(of values: [Float], count: Int) -> [[Float]] {
    let width = count > 0 ? values.count / count : 0
    return (0..<count).map { Array(values[$0 * width..<($0 + 1) * width]) }
  }
}
