package import Architecture
internal import BundleFormat
package import Models

/// The sizes and settings of a model, by the names of docs/BUNDLE.md.
struct ModelFields {
  /// In a fixed order.
  private(set) var values: [(field: String, value: String)] = []

  init(_ model: CLIPModel) {
    if let image = model.architecture.image { add(image) }
    if let preprocessing = model.preprocessing, model.architecture.image != nil { add(preprocessing) }
    if let text = model.architecture.text {
      add(text)
      add("tokenizer.kind", model.tokenizer.kind.fieldValue.description)
      add("tokenizer.id", model.tokenizer.shortID)
    }
    add("score.kind", model.scoreKind.map { $0 == .softmax ? "softmax" : "sigmoid" } ?? "none")
  }

  subscript(field: String) -> String? { values.first { $0.field == field }?.value }

  private mutating func add(_ field: String, _ value: String) { values.append((field, value)) }

  private mutating func add(_ field: String, _ value: Int?) { add(field, value.map(String.init) ?? "none") }

  private mutating func add(_ tower: ImageTower) {
    add("image.size", tower.imageSize)
    switch tower.trunk {
    case .patches(let trunk):
      add("image.kind", "vit")
      add("image.patch_size", trunk.patchSize)
      add("image.patch_bias", trunk.hasPatchBias ? "yes" : "no")
      add("image.prefix", trunk.prefix == .none ? "none" : "class_token")
      add("image.pre_norm", trunk.hasPreNorm ? "yes" : "no")
      add(trunk.stack, "image")
    case .resNet(let trunk):
      add("image.kind", "resnet")
      add("image.width", trunk.stemWidth)
      for stage in 0..<ResNetTrunk.Blocks.stageCount { add("image.blocks.\(stage + 1)", trunk.blocks[stage]) }
      add("image.heads", tower.heads)
      add("image.epsilon", "\(trunk.epsilon)")
    }
    switch tower.pool {
    case .classToken, .attention: break
    case .probe(let pool):
      add("image.pool", "probe")
      add("image.pool_heads", pool.heads)
      add("image.pool_mlp_width", pool.mlpWidth)
    }
    add("image.projection", tower.projection)
  }

  private mutating func add(_ tower: TextTower) {
    add("text.context_length", tower.contextLength)
    add("text.vocabulary", tower.vocabularySize)
    add(tower.stack, "text")
    add("text.causal", tower.isCausal ? "yes" : "no")
    add("text.pooling", tower.pooling.fieldText)
    add("text.projection", tower.projection)
    add("text.projection_bias", tower.hasProjectionBias ? "yes" : "no")
  }

  private mutating func add(_ stack: TransformerStack, _ tower: String) {
    add("\(tower).width", stack.width)
    add("\(tower).layers", stack.layers)
    add("\(tower).mlp_width", stack.mlpWidth)
    add("\(tower).heads", stack.heads)
    add("\(tower).activation", stack.activation.fieldValue.description)
    add("\(tower).epsilon", "\(stack.epsilon)")
  }

  private mutating func add(_ preprocessing: Preprocessing) {
    func text(_ colour: Preprocessing.RGB) -> String { "\(colour.red) \(colour.green) \(colour.blue)" }
    add("preprocess.resize", preprocessing.resize.fieldValue.description)
    add("preprocess.resize_edge", preprocessing.resizeEdge)
    add("preprocess.interpolation", preprocessing.interpolation.fieldValue.description)
    add("preprocess.backend", preprocessing.backend.fieldValue.description)
    add("preprocess.crop", preprocessing.crop.fieldValue.description)
    add("preprocess.conversion", preprocessing.conversion.fieldValue.description)
    add("preprocess.alpha", preprocessing.alpha.fieldValue.description)
    add("preprocess.mean", text(preprocessing.mean))
    add("preprocess.std", text(preprocessing.standardDeviation))
  }
}

/// A size or setting of both models.
public struct SettingDifference: Sendable, Equatable, Codable {
  /// `image.activation`, as in docs/BUNDLE.md.
  public var field: String
  /// Nil if the model has no such field.
  public var a, b: String?
  /// Where the values come from, if the model records it: `config.json: text_config.hidden_act`.
  public var sourceA, sourceB: String?
}

extension SettingDifference {
  /// Every field that differs. A tower that one model lacks is one difference, `towers`.
  package static func all(_ a: CLIPModel, _ b: CLIPModel) -> [SettingDifference] {
    let (fieldsA, fieldsB) = (ModelFields(a), ModelFields(b))
    var differences: [SettingDifference] = []
    let (towersA, towersB) = (a.architecture.towers, b.architecture.towers)
    if towersA != towersB {
      func text(_ towers: [Tower]) -> String { towers.map { "\($0)" }.joined(separator: ", ") }
      differences.append(SettingDifference(field: "towers", a: text(towersA), b: text(towersB)))
    }
    let fields =
      fieldsA.values.map(\.field) + fieldsB.values.map(\.field).filter { fieldsA[$0] == nil }
    for field in fields where fieldsA[field] != fieldsB[field] {
      let isOfAbsentTower = (fieldsA[field] == nil || fieldsB[field] == nil) && towersA != towersB
      guard !isOfAbsentTower else { continue }
      differences.append(
        SettingDifference(
          field: field, a: fieldsA[field], b: fieldsB[field], sourceA: a.source(of: field),
          sourceB: b.source(of: field)))
    }
    return differences
  }
}

extension SettingDifference {
  /// Every field that differs, of the towers that both models have.
  static func ofSharedTowers(_ source: CLIPModel, _ bundle: CLIPModel) -> [SettingDifference] {
    let hasSameTowers = source.architecture.towers == bundle.architecture.towers
    return all(source, bundle).filter { hasSameTowers || !["towers", "score.kind"].contains($0.field) }
  }

  /// `image.activation: gelu, quick_gelu in the source (config.json: hidden_act)`.
  var text: String {
    "\(field): \(b ?? "none"), \(a ?? "none") in the source" + (sourceA.map { " (\($0))" } ?? "")
  }
}

extension CLIPArchitecture {
  package var towers: [Tower] { (image == nil ? [] : [.image]) + (text == nil ? [] : [.text]) }
}

extension CLIPModel {
  /// Where a setting comes from; nil for sizes, which tensors determine.
  fileprivate func source(of field: String) -> String? {
    let names: [String] =
      switch field {
      case "preprocess.backend": ["preprocessing.backend", "preprocessing"]
      case "preprocess.alpha": ["preprocessing.alpha", "preprocessing"]
      case "tokenizer.kind": ["tokenizer"]
      case "score.kind": ["score"]
      default: [field.hasPrefix("preprocess.") ? "preprocessing" : field]
      }
    let decision =
      names.lazy.compactMap { name in decisions.first { $0.field == name } }.first
      ?? decisions.first { $0.field == "everything" }
    return decision?.detail
  }
}
