import Architecture
import ModelDiff
import Models
import Verification

/// What `diff` prints, with and without `--json`.
struct DiffOutput: SchemaOutput {
  static let schema = "diff"
  var a, b: Side
  var verdict: DiffReport.Verdict
  var settings: [SettingRow]
  var weights: Weights
  var embeddings: [EmbeddingRow]
  var skipped: [SkippedRow]
  var bisections: [BisectionRow]
  var reference: String?
  /// The side that does not record every setting; the other side's were taken.
  var incompleteSide: SideName?
  /// Opening, comparing and bisecting.
  var seconds = 0.0
  var peakByteCount = ProcessFacts.peakByteCount

  enum SideName: String, Encodable {
    case a, b
  }

  /// One of the two models.
  struct Side: Encodable {
    var path, format, model: String
    var towers: [String]

    init(_ path: String, _ model: CLIPModel) {
      self.path = path
      format = model.source.format
      self.model = model.name
      towers = Tower.allCases.filter { model.architecture.has($0) }.map { "\($0)" }
    }
  }

  struct SettingRow: Encodable {
    var field: String
    var a, b, sourceOfA, sourceOfB: String?
  }

  struct Weights: Encodable {
    var comparedCount, equalCount, roundedCount, explainedCount, differentCount, foldedCount: Int
    var onlyInA, onlyInB: [String]
    var shapes: [ShapeRow]
    var types: [TypeRow]
    /// Every tensor whose values are not all equal, worst first.
    var tensors: [TensorRow]
    /// By tower: whether the ids that bundles state agree.
    var idsAgree: [String: Bool]
  }

  struct ShapeRow: Encodable {
    var name: String
    var nameInA, nameInB: String?
    var a, b: [Int]
  }

  struct TypeRow: Encodable {
    var a, b: String
    var tensorCount: Int
  }

  struct TensorRow: Encodable {
    var name: String
    var nameInA, nameInB: String?
    var shape: [Int]
    var typeInA, typeInB: String
    var relation: TensorDifference.Relation
    /// Absent if all values of A are zero.
    var relativeRms: Double?
    var maximumAbsolute: Double
    var changedCount: Int
  }

  struct EmbeddingRow: Encodable {
    var tower: String
    var probes: Int
    var worstCosine, meanCosine, maximumAbsolute: Double
  }

  struct SkippedRow: Encodable {
    var tower, reason: String
  }

  struct BisectionRow: Encodable {
    var tower: String
    var probes: Int
    var cosine: Double
    var passes, mostPasses: Int
    var effects: [EffectRow]
    var smallestSet: [PartRow]?
    var cosineOfSet: Double?
    var unmeasured: [PartRow]
  }

  struct PartRow: Encodable {
    var kind: Bisection.Part.Kind
    var name: String
    var tensorCount: Int

    init(_ part: Bisection.Part) {
      kind = part.kind
      name = part.name
      tensorCount = part.tensorCount
    }
  }

  struct EffectRow: Encodable {
    var part: PartRow
    var moved, left: Double
  }

  init(_ report: DiffReport, _ a: Side, _ b: Side) {
    self.a = a
    self.b = b
    verdict = report.verdict
    settings = report.settings.map {
      SettingRow(field: $0.field, a: $0.a, b: $0.b, sourceOfA: $0.sourceA, sourceOfB: $0.sourceB)
    }
    weights = Weights(report.weights)
    embeddings = report.embeddings.map {
      EmbeddingRow(
        tower: "\($0.tower)", probes: $0.metrics.probes, worstCosine: $0.metrics.worstCosine,
        meanCosine: $0.metrics.meanCosine, maximumAbsolute: $0.metrics.maximumAbsolute)
    }
    skipped = report.skipped.map { SkippedRow(tower: "\($0.tower)", reason: $0.reason) }
    bisections = report.bisections.map(BisectionRow.init)
    reference = report.product
  }
}

extension DiffOutput.Weights {
  fileprivate init(_ weights: WeightDifferences) {
    comparedCount = weights.comparedCount
    equalCount = weights.equalCount
    roundedCount = weights.count(.rounded)
    explainedCount = weights.count(.explained)
    differentCount = weights.count(.different)
    foldedCount = weights.foldedCount
    onlyInA = weights.onlyInA
    onlyInB = weights.onlyInB
    shapes = weights.shapes.map {
      DiffOutput.ShapeRow(name: $0.name, nameInA: $0.nameInA, nameInB: $0.nameInB, a: $0.a, b: $0.b)
    }
    types = weights.types.map { DiffOutput.TypeRow(a: $0.a, b: $0.b, tensorCount: $0.tensorCount) }
    tensors = weights.differences.map(DiffOutput.TensorRow.init)
    idsAgree = Dictionary(uniqueKeysWithValues: weights.idsAgree.map { ("\($0.key)", $0.value) })
  }
}

extension DiffOutput.TensorRow {
  fileprivate init(_ tensor: TensorDifference) {
    self.init(
      name: tensor.name, nameInA: tensor.nameInA, nameInB: tensor.nameInB, shape: tensor.shape,
      typeInA: tensor.typeA, typeInB: tensor.typeB, relation: tensor.relation,
      relativeRms: tensor.relativeRMS, maximumAbsolute: tensor.maximumAbsolute,
      changedCount: tensor.changedCount)
  }
}

extension DiffOutput.BisectionRow {
  fileprivate init(_ bisection: Bisection) {
    tower = "\(bisection.tower)"
    probes = bisection.probeCount
    cosine = bisection.cosine
    passes = bisection.passes
    mostPasses = bisection.mostPasses
    effects = bisection.effects.map {
      DiffOutput.EffectRow(part: DiffOutput.PartRow($0.part), moved: $0.moved, left: $0.left)
    }
    smallestSet = bisection.smallestSet?.map(DiffOutput.PartRow.init)
    cosineOfSet = bisection.cosineOfSet
    unmeasured = bisection.unmeasured.map(DiffOutput.PartRow.init)
  }
}
