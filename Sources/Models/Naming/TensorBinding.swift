internal import Checkpoints

/// A canonical tensor and the source tensors that form it.
struct TensorBinding: Sendable {
  /// The canonical shape of all parts together. A scalar stored as `[1]` keeps the shape `[1]`.
  var shape: [Int]
  /// Views in the canonical layout, in the order of their rows.
  var parts: [CheckpointTensor]

  /// The names in the file, for messages.
  var sourceNames: String { parts.map(\.name).joined(separator: " + ") }

  /// Whether several parts fill the canonical tensor.
  var isFused: Bool { parts.count > 1 }
}

/// Every tensor of a checkpoint by its canonical name.
struct TensorBindings: Sendable {
  var convention: NamingConvention
  var byName: [String: TensorBinding]
  /// Names that the convention does not contain, in file order.
  var unknown: [String]

  init(_ checkpoint: Checkpoint) throws(ModelError) {
    guard let convention = NamingConvention.detect(among: checkpoint.tensors) else {
      throw ModelError(.notCLIP, found: Self.sample(checkpoint.tensors.map(\.name)))
    }
    self.convention = convention
    unknown = []
    var groups: [String: [(tensor: CheckpointTensor, change: LayoutChange)]] = [:]
    for tensor in checkpoint.tensors {
      let uses = convention.canonical(tensor.name)
      for use in uses { groups[use.name, default: []].append((tensor, use.change)) }
      if uses.isEmpty { unknown.append(tensor.name) }
    }
    byName = [:]
    for (name, pieces) in groups { byName[name] = try Self.bind(pieces, to: name) }
  }

  private static func bind(
    _ pieces: [(tensor: CheckpointTensor, change: LayoutChange)], to name: String
  ) throws(ModelError) -> TensorBinding {
    guard let first = pieces.first else { throw ModelError(.missingTensors, found: name) }
    if case .rows(_, let count) = first.change.target { return try bindRows(pieces, count: count, to: name) }
    guard pieces.count == 1 else {
      throw ModelError(
        .repeatedTensor, tensor: name, found: pieces.map(\.tensor.name).joined(separator: ", "))
    }
    let view = try first.change.applied(to: first.tensor)
    return TensorBinding(shape: view.shape, parts: [view])
  }

  private static func bindRows(
    _ pieces: [(tensor: CheckpointTensor, change: LayoutChange)], count: Int, to name: String
  ) throws(ModelError) -> TensorBinding {
    var parts: [CheckpointTensor] = []
    for part in 0..<count {
      let candidates = pieces.filter { $0.change.target == .rows(part: part, of: count) }
      guard let candidate = candidates.first else {
        throw ModelError(
          .missingTensors, tensor: name, expected: "\(count) parts",
          found: pieces.map(\.tensor.name).joined(separator: ", "))
      }
      guard candidates.count == 1 else {
        throw ModelError(
          .repeatedTensor, tensor: name, found: candidates.map(\.tensor.name).joined(separator: ", "))
      }
      parts.append(try candidate.change.applied(to: candidate.tensor))
    }
    for part in parts where part.shape != parts[0].shape || part.shape.isEmpty {
      throw ModelError(
        .wrongShape, tensor: part.name, expected: "\(parts[0].shape), as \(parts[0].name)",
        found: "\(part.shape)", file: part.file)
    }
    var shape = parts[0].shape
    let (rows, overflow) = shape[0].multipliedReportingOverflow(by: count)
    guard !overflow else { throw ModelError(.impossibleShape, tensor: parts[0].name, found: "\(shape)") }
    shape[0] = rows
    return TensorBinding(shape: shape, parts: parts)
  }

  /// A few names for a message.
  static func sample(_ names: [String]) -> String {
    let shown = names.prefix(4).joined(separator: ", ")
    return names.count > 4 ? "\(shown) and \(names.count - 4) more" : shown.isEmpty ? "no tensor" : shown
  }
}
