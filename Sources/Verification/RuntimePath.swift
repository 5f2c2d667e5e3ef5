internal import Architecture
internal import Archives
internal import BundleFormat
internal import CPocketCLIP
internal import PocketCLIP
internal import PocketRuntime

/// A bundle through the runtime, pixels and ids included.
struct RuntimePath {
  let path: String
  let bundle: RuntimeBundle
  let description: BundleDescription

  init(path: String, arithmetic: PocketCLIP.Model.Arithmetic) throws(VerificationError) {
    self.path = path
    bundle = try RuntimeBundle(path: path, arithmetic: arithmetic)
    description = try RuntimePath.description(path)
  }

  var imageIsPresent: Bool { bundle.info.has_image == 1 }
  var textIsPresent: Bool { bundle.info.has_text == 1 }

  func prepare(_ probes: ProbeSet) throws(VerificationError) -> Inputs {
    var inputs = Inputs()
    if imageIsPresent {
      for picture in probes.pictures { inputs.pixels.append(try bundle.preprocess(picture)) }
    }
    if textIsPresent, bundle.info.has_tokenizer == 1 {
      for text in probes.texts { inputs.ids.append(try bundle.tokenize(text)) }
    } else if let tower = description.architecture.text {
      inputs.ids = ProbeTokens.generated(count: probes.texts.count, for: tower)
    }
    return inputs
  }

  /// Preprocessing and tokenizer, compared with the original library's on the same images and texts.
  func inputReport(_ golden: GoldenFile) throws(VerificationError) -> InputReport {
    var report = InputReport()
    if let image = description.architecture.image, imageIsPresent, golden.truth.images != nil {
      report.preprocessing = try InputComparison.pixels(
        golden, description.preprocessing, imageSize: image.imageSize
      ) { picture throws(VerificationError) in try bundle.preprocess(picture) }
    }
    if textIsPresent, golden.truth.texts != nil {
      let tokenize = { [bundle] text throws(VerificationError) in try bundle.tokenize(text) }
      report.tokenizer = try InputComparison.tokens(
        golden, tokenize: bundle.info.has_tokenizer == 1 ? tokenize : nil)
      report.pooling = description.architecture.text.map { InputComparison.pooling(golden, $0) }
    }
    return report
  }

  func run(_ inputs: Inputs) throws(VerificationError) -> Outputs {
    var outputs = Outputs()
    if imageIsPresent, !inputs.pixels.isEmpty {
      let recorder = RuntimeRecorder(
        pooledRow: description.architecture.image?.pool.pooledToken == nil ? .none : .first)
      var values: [Float] = []
      for pixels in inputs.pixels {
        let vector = try bundle.encode(pixels: pixels, observe: recorder.record)
        if let stage = finalImageStage { recorder.record(vector, as: stage) }
        values += vector
      }
      outputs.images = vectors(values, count: inputs.pixels.count)
      outputs.imageStages = recorder.trace
    }
    if textIsPresent, !inputs.ids.isEmpty {
      let recorder = RuntimeRecorder(pooledRow: .last)
      var values: [Float] = []
      for ids in inputs.ids {
        let vector = try bundle.encode(ids: ids, observe: recorder.record)
        if bundle.info.text_projected == 1 { recorder.record(vector, as: "text_projection") }
        values += vector
      }
      outputs.texts = vectors(values, count: inputs.ids.count)
      outputs.textStages = recorder.trace
    }
    return outputs
  }

  /// What the runtime does not show as a stage, being the result; nil where the last stage is the result.
  private var finalImageStage: String? { description.architecture.image?.projectionStage?.description }

  private func vectors(_ values: [Float], count: Int) -> Vectors {
    Vectors(count: count, width: values.count / count, values: values.map(Double.init))
  }

  private static func description(_ path: String) throws(VerificationError) -> BundleDescription {
    do throws(ReadError) {
      let file = try MappedFile(path: path)
      return try header(file).description
    } catch {
      throw .reading(error.inFile(path))
    }
  }

  private static func header(_ file: MappedFile) throws(ReadError) -> BundleHeader {
    do throws(BundleFault) {
      return try BundleHeader(file: file.bytes)
    } catch {
      // The runtime has just accepted it: only a file that changes meanwhile gets here.
      throw ReadError(.ioFailure, found: "the header changed while it was read", file: file.path)
    }
  }
}

/// Collects views of the runtime's stages, one probe after another.
final class RuntimeRecorder {
  enum PooledRow { case first, last, none }

  private(set) var trace = StageTrace()
  private let pooledRow: PooledRow

  init(pooledRow: PooledRow) { self.pooledRow = pooledRow }

  func record(_ stage: Stage, _ values: StageValues) {
    let pooled: Int?
    switch pooledRow {
    case .first: pooled = 0
    case .last: pooled = values.rows - 1
    case .none: pooled = nil
    }
    let view = StageView(rows: values.rows, width: values.width, pooledRow: pooled) { row, column in
      values.values[row * values.stride + column]
    }
    trace.append(view, to: stage.name)
  }

  /// The tower's output.
  func record(_ vector: [Float], as stage: String) {
    trace.append(StageView(pooled: vector, mean: nil), to: stage)
  }
}
