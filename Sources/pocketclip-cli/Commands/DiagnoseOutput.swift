import Diagnosis
import Models
import SystemPath
import Verification

/// The result of `diagnose`.
struct DiagnoseOutput: SchemaOutput {
  static let schema = "diagnose"
  var model, modelName, embeddings: String
  var inputs: DiagnoseInputs.Kind
  var verdict: Diagnosis.Verdict
  var rows, width: Int
  var storedType: String
  var compared, right: Int
  var before: Figures?
  var form: String?
  var causes: [CauseOutput]
  var alternatives: [[CauseOutput]]
  var tried: [Tried]
  var worst, affected: [Row]
  var rowOrder: [Int]?
  var similarityCorrelation: Double?
  var next: [String]
  var product: String
  var seconds: Double

  struct Figures: Encodable {
    var worstCosine, meanCosine: Double

    init(_ closeness: Closeness) {
      (worstCosine, meanCosine) = (closeness.worst, closeness.mean)
    }
  }

  struct CauseOutput: Encodable {
    var id, stage, words, remedy, page: String

    init(_ cause: Cause) {
      (id, words, remedy, page) = (cause.id, cause.words, cause.remedy, cause.anchor)
      stage = cause.topic.stage.rawValue
    }
  }

  struct Tried: Encodable {
    var ids: [String]
    var rows: Int
    var before, after: Figures
  }

  struct Row: Encodable {
    var row: Int
    var input: String
  }

  init(
    _ diagnosis: Diagnosis, model: CLIPModel, path: String, embeddings: String, vectors: GivenVectors,
    _ sources: DiagnoseInputs, seconds: Double
  ) {
    self.model = path
    modelName = model.name
    self.embeddings = embeddings
    inputs = sources.kind
    verdict = diagnosis.verdict
    (rows, width, storedType) = (vectors.count, vectors.width, vectors.storedType)
    (compared, right) = (diagnosis.comparedCount, diagnosis.rightCount)
    before = diagnosis.before.map(Figures.init)
    form = diagnosis.form?.words
    causes = diagnosis.causes.map(CauseOutput.init)
    alternatives = diagnosis.alternatives.map { $0.map(CauseOutput.init) }
    tried = diagnosis.explanations.map { explanation in
      Tried(
        ids: explanation.causes.map(\.id), rows: explanation.after.errors.count,
        before: Figures(explanation.before), after: Figures(explanation.after))
    }
    func row(_ index: Int) -> Row { Row(row: index + 1, input: sources.name(index)) }
    worst = diagnosis.worstRows.map(row)
    affected = diagnosis.affectedRows.map(row)
    rowOrder = diagnosis.rowOrder.map { $0.map { $0 + 1 } }
    similarityCorrelation = diagnosis.similarityCorrelation
    next = diagnosis.nextSteps(sources.kind, rowCount: vectors.count, model: path, embeddings: embeddings)
    product = diagnosis.product
    self.seconds = seconds
  }
}

extension VectorForm {
  /// As printed after "the vectors are".
  var words: String {
    switch self {
    case .raw: "raw, as the model computes them (not normalized)"
    case .unit: "normalized to length 1"
    case .logitScaled(let scale): "unit vectors times the logit scale \(fixed(scale, 3))"
    case .rawTimes(let factor): "raw vectors times \(short(factor))"
    case .constant(let length): "all of length \(short(length))"
    case .unitSum: "divided by the sum of absolute values"
    case .unitMaximum: "divided by the largest absolute value"
    case .irregular: "of lengths that are neither the model's nor constant"
    }
  }

  private func short(_ value: Double) -> String {
    (0.01..<1e5).contains(value) ? fixed(value, 5) : value.scientific
  }
}

extension Diagnosis {
  /// What to compare or to give next.
  func nextSteps(_ kind: DiagnoseInputs.Kind, rowCount: Int, model: String, embeddings: String) -> [String] {
    let command = "pocketclip diagnose \(model.shellQuoted) --embeddings \(embeddings.shellQuoted)"
    switch verdict {
    case .right, .explained: return []
    case .insufficient: return ["give at least 3 inputs, better 20 to 40"]
    case .partly, .unexplained:
      if comparedCount < rowCount {
        return [
          "\(comparedCount) of \(rowCount) rows were compared, and other orders of rows were not tried: repeat with the first 40 inputs"
        ]
      }
      if rightCount > 0, kind == .images {
        return [
          "\(rightCount) of \(comparedCount) rows are right, so the model is: compare the files of the others with theirs. Colour profiles, JPEG decoders and formats are not tried"
        ]
      }
      switch kind {
      case .images:
        return [
          "save the pixels that the other tool's model receives, [images, 3, size, size], and run `\(command) --pixels pixels.npy`: this separates preprocessing from the model"
        ]
      case .texts:
        return [
          "save the token ids that the other tool's model receives, and run `\(command) --ids ids.npy`: this separates the tokenizer from the model"
        ]
      case .pixels, .ids:
        return [
          "the inputs are excluded as a cause: compare the output of each block (docs/GOLDEN.md), from the first on"
        ]
      }
    }
  }
}
