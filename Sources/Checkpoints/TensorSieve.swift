internal import Archives
internal import TensorTypes

/// Turns the tensors of a container into a checkpoint's: wrapper prefixes go, buffers go to the ignored list, and
/// names are proved unique.
struct TensorSieve {
  private(set) var tensors: [CheckpointTensor] = []
  private(set) var ignored: [IgnoredEntry] = []
  private(set) var strippedPrefix: String?
  private(set) var scalarBuffers: ScalarBuffers?
  private(set) var notes: [String] = []

  /// - Throws: `duplicateTensorName`.
  init(_ all: [CheckpointTensor], limits: Limits) throws(ReadError) {
    guard all.count <= limits.tensors else {
      throw ReadError(.limitExceeded, expected: "at most \(limits.tensors) tensors", found: "\(all.count)")
    }
    let prefix = Self.commonWrapper(of: all)
    var names: Set<String> = []
    var scalars: [String: Int] = [:]
    for tensor in all {
      let name = tensor.name.hasPrefix(prefix) ? String(tensor.name.dropFirst(prefix.count)) : tensor.name
      guard names.insert(name).inserted else {
        throw ReadError(.duplicateTensorName, found: name, path: [.tensor(tensor.name)])
      }
      if let reason = TensorNames.ignoredReason(name) {
        ignored.append(IgnoredEntry(name: name, reason: reason, byteCount: tensor.byteCount))
        if reason == .scalarBuffer { scalars[name] = try Self.scalar(tensor) }
      } else {
        tensors.append(CheckpointTensor(renaming: tensor, to: name))
      }
    }
    strippedPrefix = prefix.isEmpty ? nil : prefix
    scalarBuffers = ScalarBuffers(scalars)
    if !prefix.isEmpty { notes.append("removed the prefix \"\(prefix)\" from tensor names") }
  }

  /// The prefix of all names, or of all that a CLIP has; empty when there is none.
  private static func commonWrapper(of tensors: [CheckpointTensor]) -> String {
    let prefixes = Set(
      tensors.filter { TensorNames.isFromCLIP($0.name) }.map { TensorNames.withoutWrappers($0.name).prefix })
    if let only = prefixes.first, prefixes.count == 1 { return only }
    guard prefixes.isEmpty else { return "" }
    let all = Set(tensors.map { TensorNames.withoutWrappers($0.name).prefix })
    return all.count == 1 ? all.first ?? "" : ""
  }

  /// The value of a buffer of one integer; nil when it is something else.
  private static func scalar(_ tensor: CheckpointTensor) throws(ReadError) -> Int? {
    guard tensor.elementCount == 1, !tensor.dtype.isFloatingPoint else { return nil }
    return Int(exactly: try tensor.floats()[0])
  }
}

extension ScalarBuffers {
  fileprivate init?(_ values: [String: Int]) {
    guard let resolution = values["input_resolution"], let context = values["context_length"],
      let vocabulary = values["vocab_size"]
    else { return nil }
    self.init(inputResolution: resolution, contextLength: context, vocabularySize: vocabulary)
  }
}
