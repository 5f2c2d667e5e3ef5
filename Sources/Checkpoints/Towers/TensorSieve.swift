internal import Archives
internal import TensorTypes

/// Extracts a model from the tensors of a container: renames its tensors to the model's names, moves buffers and
/// everything else to the ignored list, and checks that names are unique.
struct TensorSieve {
  private(set) var tensors: [CheckpointTensor] = []
  private(set) var ignored: [IgnoredEntry] = []
  private(set) var notes: [String] = []
  private(set) var strippedPrefix: String?
  private var scalars: [String: Int] = [:]
  private var names: Set<String> = []
  private var outside = TensorGroups()

  var scalarBuffers: ScalarBuffers? { ScalarBuffers(scalars) }

  /// - Parameter prefix: the prefix of the model that the user selected.
  /// - Throws: `duplicateTensorName`, `severalModels`, `noModelBelowPrefix`, `unsupportedTensorKind`, `limitExceeded`
  ///   or `budgetExceeded`.
  init(_ stored: [CheckpointTensor], below prefix: String?, limits: Limits) throws(ReadError) {
    guard stored.count <= limits.tensors else {
      throw ReadError(.limitExceeded, expected: "at most \(limits.tensors) tensors", found: "\(stored.count)")
    }
    try Self.charge(stored, limits)
    let (weights, note) = try QuantizedWeights(stored).dequantized()
    let layers = try ScannedLayers(weights, limits: limits)
    let all = layers.tensors
    try Self.requireWeights(all, limits)
    notes += [note, layers.note].compactMap { $0 }
    let names = all.map { TensorName($0.name) }
    let search = try TowerSearch(names, below: prefix)
    let heads = TowerHeads(names, search)
    let common = search.sites.isEmpty ? Self.commonPrefix(of: names) : ""
    for (tensor, name) in zip(all, names) {
      if let site = search.site(of: name) {
        let rest = String(name.plain.dropFirst(site.prefix.count))
        try add(tensor, as: search.sites.count > 1 ? site.prefixInFullModel + rest : rest)
      } else if let head = heads.name(of: name) {
        try add(tensor, as: head)
      } else if search.sites.isEmpty || TensorNames.isOtherText(name) {
        try add(tensor, as: String(name.plain.dropFirst(common.count)))
      } else {
        outside.add(tensor, name)
      }
    }
    report(search, common, names, all)
  }

  /// Bounds the work of reading. Tensors can repeat what the file stores once, and each tensor that shares an
  /// inflated storage can inflate it again, because memory is released after every tensor.
  private static func requireWeights(_ tensors: [CheckpointTensor], _ limits: Limits) throws(ReadError) {
    var weightBytes = 0
    for tensor in tensors {
      weightBytes = saturatingSum(weightBytes, tensor.readingByteCount)
      do throws(ReadError) {
        try limits.require(weightBytes: weightBytes)
      } catch {
        throw error.inside(.tensor(tensor.name))
      }
    }
  }

  /// Charges the components of names, which are visited under every prefix.
  private static func charge(_ stored: [CheckpointTensor], _ limits: Limits) throws(ReadError) {
    try requireWeights(stored, limits)
    for tensor in stored {
      do throws(ReadError) {
        let name = tensor.name.utf8
        guard name.count <= limits.tensorNameBytes else {
          throw ReadError(
            .limitExceeded, expected: "a name of at most \(limits.tensorNameBytes) bytes",
            found: "\(name.count)")
        }
        let components = name.count { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "/") }
        try limits.charge(componentBytes * (components + 1) + 2 * name.count, for: "names of tensors")
      } catch {
        throw error.inside(.tensor(tensor.name))
      }
    }
  }

  /// Charged for a component's text and position.
  private static let componentBytes = 64

  private mutating func add(_ tensor: CheckpointTensor, as name: String) throws(ReadError) {
    guard names.insert(name).inserted else {
      throw ReadError(.duplicateTensorName, found: name, path: [.tensor(tensor.name)])
    }
    guard let reason = TensorNames.ignoredReason(name) else {
      tensors.append(CheckpointTensor(renaming: tensor, to: name))
      return
    }
    ignored.append(IgnoredEntry(name: name, reason: reason, byteCount: tensor.byteCount))
    if reason == .scalarBuffer { scalars[name] = try Self.scalar(tensor) }
  }

  /// A trainer's attribute before all names, for files in which no tower determines the prefix.
  private static func commonPrefix(of names: [TensorName]) -> String {
    let prefix = TensorNames.trainerPrefix
    return !names.isEmpty && names.allSatisfy { $0.plain.hasPrefix(prefix) } ? prefix : ""
  }

  /// The value of a buffer of one integer; nil for other tensors.
  private static func scalar(_ tensor: CheckpointTensor) throws(ReadError) -> Int? {
    guard tensor.elementCount == 1, !tensor.dtype.isFloatingPoint else { return nil }
    return Int(exactly: try tensor.floats()[0])
  }

  // MARK: Report

  private mutating func report(
    _ search: TowerSearch, _ common: String, _ names: [TensorName], _ all: [CheckpointTensor]
  ) {
    let prefixes = search.sites.isEmpty ? [common] : search.sites.map(\.prefix)
    let stripped = prefixes.map { Self.stored($0, names, all) }.filter { !$0.isEmpty }
    strippedPrefix = stripped.isEmpty ? nil : stripped.joined(separator: ", ")
    for prefix in stripped { notes.append("removed the prefix \"\(prefix)\" from tensor names") }
    let heads = ignored.filter { $0.reason == .otherHead }.map(\.name)
    ignored += outside.entries
    let rest = [heads.isEmpty ? nil : heads.joined(separator: ", "), outside.text].compactMap { $0 }
    guard !rest.isEmpty else { return }
    notes.append(
      "not part of the model: \(rest.joined(separator: ", ")); the vectors are the plain towers', without what these compute"
    )
  }

  /// The prefix as stored in the file, including wrappers.
  private static func stored(_ prefix: String, _ names: [TensorName], _ all: [CheckpointTensor]) -> String {
    guard let index = names.firstIndex(where: { $0.plain.hasPrefix(prefix) }) else { return prefix }
    let rest = names[index].plain.dropFirst(prefix.count)
    let stored = all[index].name
    return stored.hasSuffix(rest) ? String(stored.dropLast(rest.count)) : prefix
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

/// Tensors that are not part of the model, counted by the first components of their names.
struct TensorGroups {
  private var groups: [String: (tensors: Int, bytes: Int)] = [:]
  private var order: [String] = []

  /// Components that distinguish a group: `model.diffusion_model`, not every layer.
  private static let depth = 2
  /// The most groups in a note.
  private static let shown = 4

  mutating func add(_ tensor: CheckpointTensor, _ name: TensorName) {
    let count = min(Self.depth, max(1, name.components.count - 1))
    let key = name.components.prefix(count).joined(separator: ".")
    if groups[key] == nil { order.append(key) }
    let group = groups[key] ?? (0, 0)
    groups[key] = (group.tensors + 1, group.bytes.addingReportingOverflow(tensor.byteCount).partialValue)
  }

  var entries: [IgnoredEntry] {
    order.map { key in
      let group = groups[key] ?? (0, 0)
      return IgnoredEntry(
        name: key, reason: .otherModel, tensorCount: group.tensors, byteCount: group.bytes)
    }
  }

  /// `lm_head (1 tensor), model.layers (290 tensors) and 3 more`; nil if there are none.
  var text: String? {
    guard !order.isEmpty else { return nil }
    let shown = entries.prefix(Self.shown).map {
      "\($0.name) (\(counted($0.tensorCount, "tensor")))"
    }
    .joined(separator: ", ")
    return order.count > Self.shown
      ? "\(shown) and \(counted(order.count - Self.shown, "more group"))" : shown
  }
}
