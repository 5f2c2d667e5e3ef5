internal import Architecture

/// A known mistake as one switch: the model's own settings with one change.
struct Mistake: Sendable {
  /// Stable; documented in docs/DIAGNOSE.md and part of the JSON output.
  let id: String
  let topic: Topic
  /// What the other tool does, as a verb phrase: `resizes with a bilinear filter`.
  let words: String
  /// What to change; nil for the topic's remedy.
  var remedy: String?
  /// Whether the mistake is possible with this model and these inputs.
  var applies: @Sendable (Subject) -> Bool = { _ in true }
  /// Whether an input's vector depends on the other inputs.
  var isOfBatch = false
  let change: @Sendable (inout Trial) -> Void

  init(
    _ id: String, _ topic: Topic, _ words: String, remedy: String? = nil, isOfBatch: Bool = false,
    if applies: @escaping @Sendable (Subject) -> Bool = { _ in true },
    change: @escaping @Sendable (inout Trial) -> Void
  ) {
    self.id = id
    self.topic = topic
    self.words = words
    self.remedy = remedy
    self.isOfBatch = isOfBatch
    self.applies = applies
    self.change = change
  }
}

/// A step between an input and its vector. Mistakes of one topic are alternatives and are never combined. The raw value is
/// the section of docs/DIAGNOSE.md.
public enum Topic: String, Sendable, CaseIterable {
  case resize, crop, orientation, colour, transparency, values, layout
  case text, tokens
  case activation, norms, attention, heads, mask, positions, depth, weights
  case pooling, rows, form, model

  /// The stage that computes differently.
  public var stage: Stage {
    switch self {
    case .resize, .crop, .orientation, .colour, .transparency, .values, .layout: .pixels
    case .text, .tokens: .tokens
    case .activation, .norms, .attention, .heads, .mask, .positions, .depth, .weights, .model: .layers
    case .pooling, .rows, .form: .vectors
    }
  }
}

/// Where in the computation something differs.
public enum Stage: String, Sendable, CaseIterable {
  case pixels, tokens, layers, vectors
}

extension Mistake {
  /// Every known mistake that is possible, the most frequent of each topic first.
  static func all(for subject: Subject) -> [Mistake] {
    let known: [Mistake] =
      switch subject.tower {
      case .image: imageInputs + imageLayers + imagePooling
      case .text: textInputs(template: subject.template) + textLayers + textPooling
      }
    return known.filter { $0.applies(subject) && subject.stages.contains($0.topic.stage) }
  }

  private static let imageInputs = resizing + cropping + pixelValues + colours + pixelOrder
}
