internal import Checkpoints

/// A canonical tensor and the source tensors that make it up.
struct TensorBinding: Sendable {
  /// The canonical shape that the parts give together; a scalar stored as `[1]` stays `[1]` here.
  var shape: [Int]
  /// In the order of their rows.
  var parts: [CheckpointTensor]
  var isTransposed: Bool

  /// The names in the file, for messages.
  var sourceNames: String { parts.map(\.name).joined(separator: " + ") }

  /// Rows of the canonical tensor that each part fills.
  var isFused: Bool { parts.count > 1 }
}

/// Every tensor of a checkpoint under its canonical name.
struct TensorBindings: Sendable {
  var convention: NamingConvention
  var byName: [String: TensorBinding]
  /// Names that the convention does not know, in file order.
  var unknown: [String]

  init(_ checkpoint: Checkpoint) throws(ModelError) {
    guard let convention = NamingConvention.detect(among: Set(checkpoint.tensors.map(\.name))) else {
      throw ModelError(.notCLIP, found: Self.sample(checkpoint.tensors.map(\.name)))
    }
    self.convention = convention
    unknown = []
    var groups: [String: [(tensor: CheckpointTensor, change: LayoutChange)]] = [:]
    for tensor in checkpoint.tensors {
      if let (name, change) = convention.canonical(tensor.name) {
        groups[name, default: []].append((tensor, change))
      } else {
        unknown.append(tensor.name)
      }
    }
    byName = [:]
    for (name, pieces) in groups { byName[name] = try Self.bind(pieces, to: name) }
  }

  private static func bind(
    _ pieces: [(tensor: CheckpointTensor, change: LayoutChange)], to name: String
  ) throws(ModelError) -> TensorBinding {
    guard let first = pieces.first else { throw ModelError(.missingTensors, found: name) }
    switch first.change {
    case .same, .transposed:
      guard pieces.count == 1 else {
        throw ModelError(
          .repeatedTensor, tensor: name, found: pieces.map(\.tensor.name).joined(separator: ", "))
      }
      let isTransposed = first.change == .transposed
      return TensorBinding(
        shape: isTransposed ? first.tensor.shape.reversed() : first.tensor.shape, parts: [first.tensor],
        isTransposed: isTransposed)
    case .rows(_, let count):
      return try bindRows(pieces, count: count, to: name)
    }
  }

  private static func bindRows(
    _ pieces: [(tensor: CheckpointTensor, change: LayoutChange)], count: Int, to name: String
  ) throws(ModelError) -> TensorBinding {
    var parts: [CheckpointTensor] = []
    for part in 0..<count {
      let candidates = pieces.filter { $0.change == .rows(part: part, of: count) }
      guard let tensor = candidates.first?.tensor else {
        throw ModelError(
          .missingTensors, tensor: name, expected: "\(count) parts",
          found: pieces.map(\.tensor.name).joined(separator: ", "))
      }
      guard candidates.count == 1 else {
        throw ModelError(
          .repeatedTensor, tensor: name, found: candidates.map(\.tensor.name).joined(separator: ", "))
      }
      parts.append(tensor)
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
    return TensorBinding(shape: shape, parts: parts, isTransposed: false)
  }

  /// A few names for a message.
  static func sample(_ names: [String]) -> String {
    let shown = names.prefix(4).joined(separator: ", ")
    return names.count > 4 ? "\(shown) and \(names.count - 4) more" : shown.isEmpty ? "no tensor" : shown
  }
}
