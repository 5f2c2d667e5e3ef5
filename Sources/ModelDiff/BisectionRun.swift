internal import Architecture
internal import Models
internal import Progress
internal import ReferenceForward
internal import Verification

/// Finds the parts of A that move the embeddings of B, by putting them into B.
///
/// Blocks and settings are measured alone first. Then the smallest set is searched that makes B agree with A, among the
/// parts in order of their effect. The blocks in that set are opened, and the same is done with their tensors. One forward
/// pass over few probes measures one part.
struct BisectionRun {
  let mixture: Mixture
  let probes: TowerProbes
  let mostPasses: Int
  let progress: WorkProgress
  private let truth, start: Vectors
  private let cosine: Double
  private var passes = 0
  private var measured: [Exchange: Bisection.Effect] = [:]
  private var unmeasured: [Bisection.Part] = []

  /// Up to so many parts are measured without grouping them into blocks.
  private static let fewParts = 12
  /// The fraction of the difference that the smallest set may leave, and the distance that counts as none.
  private static let toleratedFraction = 0.01
  private static let tolerableDistance = 1e-7
  /// Passes kept for searching the smallest set.
  private static let reserve = 12
  /// Larger sets are not searched for members that are not needed.
  private static let mostPruned = 8

  init(
    _ mixture: Mixture, _ probes: TowerProbes, mostPasses: Int, _ progress: WorkProgress
  ) throws(VerificationError) {
    self.mixture = mixture
    self.probes = probes
    self.mostPasses = mostPasses
    self.progress = progress
    truth = try probes.vectors(of: mixture.a)
    start = try probes.vectors(of: mixture.b)
    cosine = start.worstCosine(with: truth)
  }

  /// - Parameter tensors: those of the tower that differ, largest relative error first.
  mutating func run(_ tensors: ExchangeableTensors) throws(VerificationError) -> Bisection {
    let settings = mixture.settings(of: probes.tower).map(Exchange.init)
    let single = tensors.single
    let isGrouped = settings.count + single.count > Self.fewParts
    var parts = settings + (isGrouped ? tensors.blocks : single)
    try measure(parts, isGrouped ? "blocks" : "tensors")
    var set = try smallestSet(of: parts)
    if isGrouped, let found = set {
      parts = opened(found, tensors)
      if parts != found {
        try measure(parts.filter { measured[$0] == nil }, "tensors")
        set = try smallestSet(of: parts)
      }
    }
    guard let found = set else { return result(nil) }
    let needed = try pruned(found)
    return result((needed, try cosineToA(taking: needed)))
  }

  private func result(_ set: (parts: [Exchange], cosine: Double?)?) -> Bisection {
    let effects = measured.values.sorted { ($0.moved, $0.part.name) < ($1.moved, $1.part.name) }
    return Bisection(
      tower: probes.tower, probeCount: probes.count, cosine: cosine, passes: passes, mostPasses: mostPasses,
      effects: effects, smallestSet: set?.parts.map(\.part), cosineOfSet: set?.cosine, unmeasured: unmeasured)
  }
}

extension BisectionRun {
  /// Measures each part alone while passes are left.
  private mutating func measure(_ parts: [Exchange], _ kind: String) throws(VerificationError) {
    progress.begin(
      "bisecting \(probes.tower == .image ? "images" : "texts"): \(parts.count) \(kind)", .operations,
      of: min(parts.count, mostPasses) * probes.multiplyAdds(mixture.b.architecture))
    for part in parts {
      guard let vectors = try vectors(taking: [part], keeping: Self.reserve) else {
        unmeasured.append(part.part)
        continue
      }
      measured[part] = Bisection.Effect(
        part: part.part, moved: vectors.worstCosine(with: start), left: vectors.worstCosine(with: truth))
    }
  }

  /// The shortest beginning of the parts, in order of effect, with which B agrees with A. Nil if the passes are used up.
  private mutating func smallestSet(of parts: [Exchange]) throws(VerificationError) -> [Exchange]? {
    let ranked = parts.sorted { moved($0) < moved($1) }
    let alone = ranked.filter { part in measured[part].map { agrees($0.left) } ?? false }
    if let best = alone.first { return [best] }
    progress.begin("searching the smallest set", .operations, of: 0)
    var (least, most) = (1, 2)
    while most < ranked.count {
      guard let isEnough = try isEnough(Array(ranked[..<most])) else { return nil }
      if isEnough { break }
      (least, most) = (most, 2 * most)
    }
    most = min(most, ranked.count)
    while most - least > 1 {
      let middle = (least + most) / 2
      guard let isEnough = try isEnough(Array(ranked[..<middle])) else { return nil }
      if isEnough { most = middle } else { least = middle }
    }
    return Array(ranked[..<most])
  }

  /// Without members that B agrees with A without.
  private mutating func pruned(_ set: [Exchange]) throws(VerificationError) -> [Exchange] {
    guard set.count > 1, set.count <= Self.mostPruned else { return set }
    var needed = set
    for part in set.reversed() where needed.count > 1 {
      let rest = needed.filter { $0 != part }
      if try isEnough(rest) ?? false { needed = rest }
    }
    return needed
  }

  /// The set with blocks replaced by their tensors, for as many blocks as passes are left for.
  private func opened(_ set: [Exchange], _ tensors: ExchangeableTensors) -> [Exchange] {
    var left = mostPasses - passes - Self.reserve
    return set.flatMap { part -> [Exchange] in
      let members = tensors.members(of: part)
      guard !members.isEmpty, members.count <= left else { return [part] }
      left -= members.count
      return members
    }
  }

  private func moved(_ part: Exchange) -> Double { measured[part]?.moved ?? .infinity }

  private func agrees(_ cosine: Double) -> Bool {
    1 - cosine <= max(Self.tolerableDistance, Self.toleratedFraction * (1 - self.cosine))
  }

  /// Nil if the passes are used up.
  private mutating func isEnough(_ parts: [Exchange]) throws(VerificationError) -> Bool? {
    try cosineToA(taking: parts).map(agrees)
  }

  private mutating func cosineToA(taking parts: [Exchange]) throws(VerificationError) -> Double? {
    if parts.count == 1, let effect = measured[parts[0]] { return effect.left }
    return try vectors(taking: parts, keeping: 0)?.worstCosine(with: truth)
  }

  /// One pass. Nil if only the reserve is left.
  private mutating func vectors(
    taking parts: [Exchange], keeping reserve: Int
  ) throws(VerificationError) -> Vectors? {
    guard passes < mostPasses - reserve else { return nil }
    passes += 1
    return try probes.vectors(of: mixture.model(taking: parts))
  }
}

/// The differing tensors of a tower, alone and by block. A BatchNorm's tensors are exchanged together, because one side can
/// hold it folded.
struct ExchangeableTensors {
  /// Largest relative error first.
  let single: [Exchange]
  /// Blocks with more than one such part; other parts as they are.
  let blocks: [Exchange]

  /// - Parameters:
  ///   - differences: of all tensors, largest relative error first.
  ///   - parameters: of B.
  init(_ tower: Tower, _ differences: [TensorDifference], _ parameters: [Parameter]) {
    let byName = Dictionary(parameters.map { ($0.name.description, $0) }) { first, _ in first }
    var seen: Set<ParameterName> = []
    var single: [Exchange] = []
    for difference in differences {
      guard let parameter = byName[difference.name], parameter.tower == tower,
        !seen.contains(parameter.name)
      else { continue }
      let group = parameter.exchangedTogether(in: parameters)
      seen.formUnion(group)
      single.append(
        Exchange(
          content: .tensors(Set(group)),
          part: .init(
            kind: .tensor, name: group.count > 1 ? parameter.moduleName : difference.name, tensorCount: 1)))
    }
    self.single = single
    var order: [String] = []
    var members: [String: [Exchange]] = [:]
    for part in single {
      let block = Self.block(of: part.part.name)
      if members[block] == nil { order.append(block) }
      members[block, default: []].append(part)
    }
    blocks = order.map { name in
      let parts = members[name] ?? []
      guard parts.count > 1 else { return parts[0] }
      let names = parts.reduce(into: Set<ParameterName>()) { $0.formUnion($1.names) }
      return Exchange(
        content: .tensors(names), part: .init(kind: .block, name: name, tensorCount: parts.count))
    }
  }

  /// Empty for a part that is no block.
  func members(of block: Exchange) -> [Exchange] {
    guard block.part.kind == .block else { return [] }
    return single.filter { $0.names.isSubset(of: block.names) }
  }

  /// `transformer.resblocks.9`, `visual.layer2.0`, or the module: `visual.ln_post`.
  private static func block(of name: String) -> String {
    let parts = name.split(separator: ".")
    if let index = parts.firstIndex(where: { Int($0) != nil }) {
      return parts[...index].joined(separator: ".")
    }
    return ["weight", "bias"].contains(parts.last) ? parts.dropLast().joined(separator: ".") : name
  }
}

extension Exchange {
  init(_ setting: Setting) {
    self.init(
      content: .setting(setting), part: .init(kind: .setting, name: setting.rawValue, tensorCount: 0))
  }

  var names: Set<ParameterName> {
    switch content {
    case .setting: []
    case .tensors(let names): names
    }
  }
}

extension Parameter {
  /// All tensors of a BatchNorm; for others, the tensor.
  fileprivate func exchangedTogether(in parameters: [Parameter]) -> [ParameterName] {
    guard case .batchNorm(_, let norm) = role else { return [name] }
    return [norm.gain, norm.bias, norm.runningMean, norm.runningVariance].map { parameters[$0].name }
  }

  /// The name without its last component.
  fileprivate var moduleName: String {
    name.description.split(separator: ".").dropLast().joined(separator: ".")
  }
}
