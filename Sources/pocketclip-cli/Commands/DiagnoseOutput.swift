import Diagnosis
import Models
import SystemPath

/// The result of `diagnose`.
struct DiagnoseOutput: SchemaOutput {
  static let schema = "diagnose"
  var model, modelName, embeddings, inputs: String
  var verdict: String
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
    verdict = diagnosis.verdict.rawValue
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
    next = diagnosis.nextSteps(sources.kind, model: path, embeddings: embeddings)
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
    case .rawTimes(let factor): "raw vectors times \(fixed(factor, 5))"
    case .constant(let length): "all of length \(fixed(length, 5))"
    case .unitSum: "divided by the sum of absolute values"
    case .unitMaximum: "divided by the largest absolute value"
    case .irregular: "of lengths that are neither the model's nor constant"
    }
  }
}

extension Diagnosis {
  /// What to compare or to give next.
  func nextSteps(_ kind: String, model: String, embeddings: String) -> [String] {
    let command = "pocketclip diagnose \(model.shellQuoted) --embeddings \(embeddings.shellQuoted)"
    switch verdict {
    case .right, .explained: return []
    case .insufficient: return ["give at least 3 inputs, better 20 to 40"]
    case .partly, .unexplained:
      switch kind {
      case "images":
        return [
          "save the pixels that the other tool's model receives, [images, 3, size, size], and run `\(command) --pixels pixels.npy`: this separates preprocessing from the model"
        ]
      case "texts":
        return [
          "save the token ids that the other tool's model receives, and run `\(command) --ids ids.npy`: this separates the tokenizer from the model"
        ]
      default:
        return [
          "the inputs are excluded as a cause: compare the output of each block (docs/GOLDEN.md), from the first on"
        ]
      }
    }
  }
}
