internal import Architecture
internal import Checkpoints
internal import TensorTypes

/// How every tensor of the file is used.
public struct Accounting: Sendable {
  /// Tensors of the file that weights are taken from.
  public internal(set) var usedCount = 0
  /// Tensors that are not used, with a reason: the reader ignored them, or their tower was not requested.
  public internal(set) var ignored: [Ignored] = []
  /// Canonical names without a tensor in the file.
  public internal(set) var missing: [String] = []
  /// Names in the file that do not belong to the architecture.
  public internal(set) var unexpected: [String] = []
  /// Tensors with an invalid shape or element type.
  public internal(set) var mismatched: [ModelError] = []

  public struct Ignored: Sendable, Equatable {
    public var name: String
    public var reason: String
    public var tensorCount: Int
  }

  /// The accounting of weights that do not come from a published file.
  package init(usedCount: Int) { self.usedCount = usedCount }

  init(
    _ bindings: TensorBindings, schema: ParameterSchema, checkpoint: Checkpoint, dropped: [Ignored]
  ) {
    ignored =
      checkpoint.ignored.map {
        Ignored(name: $0.name, reason: $0.reason.description, tensorCount: $0.tensorCount)
      } + dropped
    var rest = bindings.byName
    var used: Set<String> = []  // a fused tensor is several parameters
    for parameter in schema.parameters {
      let name = parameter.name.description
      guard let binding = rest.removeValue(forKey: name) else {
        missing.append(name)
        continue
      }
      used.formUnion(binding.parts.map(\.name))
      if let problem = binding.problem(as: parameter) { mismatched.append(problem) }
    }
    usedCount = used.count
    unexpected = bindings.unknown + rest.values.flatMap { $0.parts.map(\.name) }.sorted()
  }

  /// Missing and unexpected tensors are errors; they are never ignored silently.
  var problems: [ModelError] {
    var problems = mismatched
    if !missing.isEmpty {
      problems.append(ModelError(.missingTensors, found: TensorBindings.sample(missing)))
    }
    if !unexpected.isEmpty {
      problems.append(ModelError(.unexpectedTensors, found: TensorBindings.sample(unexpected)))
    }
    return problems
  }
}

extension TensorBinding {
  func problem(as parameter: Parameter) -> ModelError? {
    let isScalar = parameter.shape.isEmpty && shape == [1]
    guard shape == parameter.shape || isScalar else {
      return ModelError(
        .wrongShape, tensor: sourceNames, expected: "\(parameter.shape)", found: "\(shape)")
    }
    for part in parts where !part.dtype.isFloatingPoint {
      return ModelError(
        .unsupportedDType, tensor: part.name, expected: "floating point",
        found: "\(part.dtype.safetensorsName)")
    }
    return nil
  }
}

extension Accounting {
  fileprivate static let otherTower = "tower not requested"
  fileprivate static let otherPart = "not part of the requested tower"

  /// Notes tensors that were left out although they belong to no known tower of a CLIP.
  static func notes(on dropped: [Ignored]) -> [String] {
    let others = dropped.filter { $0.reason == otherPart }.map(\.name)
    guard !others.isEmpty else { return [] }
    return ["left out, because they belong to no CLIP tower: \(TensorBindings.sample(others))"]
  }
}

extension TensorBindings {
  private static let scoreNames = ["logit_scale", "logit_bias"]

  /// The tower of a canonical name; nil for the score and for unknown names.
  static func tower(of name: String) -> Tower? {
    if name.hasPrefix("visual.") { return .image }
    let text = ["token_embedding.", "positional_embedding", "transformer.", "ln_final.", "text_projection"]
    return text.contains { name.hasPrefix($0) } ? .text : nil
  }

  /// Removes everything that belongs neither to this tower nor to the score.
  ///
  /// With the text tower, unknown tensors stay, because they can be a part of it.
  mutating func keep(_ tower: Tower) -> [Accounting.Ignored] {
    var dropped: [Accounting.Ignored] = []
    for (name, binding) in byName where !Self.scoreNames.contains(name) {
      let owner = Self.tower(of: name)
      guard owner != tower, tower == .image || owner == .image else { continue }
      byName[name] = nil
      dropped += binding.parts.map {
        Accounting.Ignored(
          name: $0.name, reason: owner == nil ? Accounting.otherPart : Accounting.otherTower, tensorCount: 1)
      }
    }
    if tower == .image {
      func isOfImages(_ name: String) -> Bool { name.hasPrefix("vision_model.") || name.hasPrefix("visual") }
      dropped += unknown.filter { !isOfImages($0) }.map {
        Accounting.Ignored(name: $0, reason: Accounting.otherPart, tensorCount: 1)
      }
      unknown.removeAll { !isOfImages($0) }
    }
    return dropped.sorted { $0.name < $1.name }
  }
}
