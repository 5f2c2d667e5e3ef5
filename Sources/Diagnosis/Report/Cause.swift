/// A cause in words.
public struct Cause: Sendable, Equatable {
  /// Stable: docs/DIAGNOSE.md lists all.
  public let id: String
  public let topic: Topic
  /// What the other tool does, as a verb phrase.
  public let words: String
  /// What to change.
  public let remedy: String

  init(_ id: String, _ topic: Topic, _ words: String, remedy: String) {
    self.id = id
    self.topic = topic
    self.words = words
    self.remedy = remedy
  }

  init(_ mistake: Mistake, _ subject: Subject) {
    self.init(
      mistake.id, mistake.topic, mistake.words, remedy: mistake.remedy ?? mistake.topic.remedy(subject))
  }

  /// Where the page explains it.
  public var anchor: String { "docs/DIAGNOSE.md#\(topic.rawValue)" }
}

// What happens to vectors after the model.
extension Cause {
  static let binarized = Cause(
    "form-binary", .form, "keeps only the sign of each value", remedy: "store the values as floats")
  static let negated = Cause(
    "form-negated", .form, "negates every vector", remedy: "keep the sign of the vectors")
  static let eightBits = Cause(
    "form-int8", .form, "rounds the values of each vector to 8 bits",
    remedy: "store the values as floats to come closer; no setting is wrong")
  static let centred = Cause(
    "form-centred", .form, "subtracts the mean over all rows",
    remedy: "keep the vectors as the model computes them, or subtract the same mean everywhere")
  static let columnNormalized = Cause(
    "form-columns", .form, "normalizes over the wrong axis: each column instead of each row",
    remedy: "divide each row by its own length (dim=-1, keepdim=True)")
  static let standardized = Cause(
    "form-standardized", .form, "standardizes each column to mean 0 and deviation 1",
    remedy: "keep the vectors as the model computes them")
  static let shifted = Cause(
    "form-shifted", .form, "adds the same vector to every row: a mean or a bias",
    remedy: "keep the vectors as the model computes them, without a mean or a bias")
  static let notFinite = Cause(
    "form-not-finite", .form, "returns NaN or infinity",
    remedy: "compute in FP32: FP16 overflows at 65,504, and a mask of −∞ gives NaN")
  static let zeros = Cause(
    "form-zeros", .form, "returns rows of zeros",
    remedy: "check the inputs of these rows: they were probably skipped")
  static let constant = Cause(
    "form-constant", .form, "returns the same vector for every input",
    remedy: "check that each input reaches the model: one buffer is read again and again")
  static let transposed = Cause(
    "form-transposed", .form, "writes the array with rows and columns exchanged",
    remedy: "write the array as [inputs, width]")
  static let halfArithmetic = Cause(
    "form-half", .form, "computes in FP16 or BF16, whose rounding remains",
    remedy: "compute in FP32 to come closer; no setting is wrong")
  static func cut(_ width: Int, of complete: Int) -> Cause {
    Cause(
      "form-cut", .form, "keeps only the first \(width) of \(complete) values of each vector",
      remedy: "keep the complete vectors")
  }

  static func lengths(_ form: VectorForm) -> Cause {
    let remedy = "divide each vector by its length, or keep it as the model computes it"
    switch form {
    case .raw, .unit, .irregular:
      return Cause(
        "form-lengths", .form, "changes the lengths of the vectors, not their directions", remedy: remedy)
    case .logitScaled:
      return Cause(
        "form-logit-scale", .form, "multiplies unit vectors with the logit scale",
        remedy: "apply the logit scale to similarities, not to vectors")
    case .rawTimes:
      return Cause("form-factor", .form, "multiplies the vectors with a constant factor", remedy: remedy)
    case .constant:
      return Cause("form-factor", .form, "multiplies unit vectors with a constant factor", remedy: remedy)
    case .unitSum:
      return Cause("form-sum", .form, "divides vectors by the sum of absolute values (L1)", remedy: remedy)
    case .unitMaximum:
      return Cause("form-maximum", .form, "divides vectors by their largest value", remedy: remedy)
    }
  }

  static let permuted = Cause(
    "rows-permuted", .rows, "writes rows in another order than the inputs",
    remedy: "write rows in the order of the inputs, or give the inputs in the order of the rows")
  static let repeated = Cause(
    "rows-repeated", .rows, "writes the vector of one input for several",
    remedy: "check the indices of batches: some inputs overwrite others")
  static let exchanged = Cause(
    "rows-exchanged", .rows, "gives the vectors of the other tower: images and texts are exchanged",
    remedy: "give the image vectors with the images, and the text vectors with the texts")
  static let otherModel = Cause(
    "model-other", .model, "possibly runs other weights: a checkpoint of the same shape, or other inputs",
    remedy: "compare the files: `pocketclip inspect` prints what is known of a checkpoint, and its SHA-256")

  static func otherWidth(_ width: Int, _ names: [String]) -> Cause {
    let examples = names.isEmpty ? "" : ", as in \(names.prefix(4).joined(separator: ", "))"
    return Cause(
      "model-other-width", .model, "runs another model: \(width) values per vector\(examples)",
      remedy: "give the checkpoint that the vectors were computed with")
  }

  /// Causes that are no switch of the model's settings.
  static let ofVectors = [
    binarized, negated, eightBits, centred, columnNormalized, standardized, shifted, notFinite, zeros,
    constant, transposed,
    halfArithmetic, cut(1, of: 2), lengths(.irregular), lengths(.logitScaled(1)), lengths(.rawTimes(1)),
    lengths(.unitSum), lengths(.unitMaximum), permuted, repeated, exchanged, otherModel, otherWidth(1, []),
  ]

  /// Every id, in the order of docs/DIAGNOSE.md.
  package static var allIDs: [(id: String, topic: Topic)] {
    Mistake.everything.map { ($0.id, $0.topic) } + ofVectors.map { ($0.id, $0.topic) }
  }
}

extension Mistake {
  /// Of all models and inputs; ids that two towers share occur once.
  static var everything: [Mistake] {
    let all =
      resizing + cropping + pixelValues + colours + pixelOrder + textInputs(template: nil)
      + imageLayers + textLayers + imagePooling + textPooling
    var seen: Set<String> = []
    return all.filter { seen.insert($0.id).inserted }
  }
}
