import Architecture
import BundleFormat
import MachinePeak
import PocketCLIP
import Verification

/// A bundle, opened with one arithmetic.
struct BenchVariant {
  let bundle: OpenBundle
  /// Distinguishes the variants in the report.
  let name: String
  /// The command that makes the bundle; nil for a bundle that the user gave.
  let command: String?

  /// - Parameter namesFile: whether the name must include the file's name.
  init(_ candidate: BenchBundle, _ bundle: OpenBundle, namesFile: Bool) {
    self.bundle = bundle
    command = candidate.command
    let arithmetic = "\(bundle.model.information.arithmetic)"
    if let made = candidate.name {
      let isPlain = !bundle.description.hasInt8 && bundle.model.information.arithmetic != .bf16
      name = isPlain ? made : "\(made), \(arithmetic)"
      return
    }
    let file = bundle.path.split(separator: "/").last ?? ""
    let stem = file.hasSuffix(".pclip") ? file.dropLast(".pclip".count) : file
    name = (namesFile ? "\(stem), " : "") + Self.arithmeticName(bundle)
  }

  var description: BundleDescription { bundle.description }
  var information: ModelInformation { bundle.model.information }

  func precision(of tower: Tower) -> Precision {
    tower == .image ? description.imagePrecision : description.textPrecision
  }

  var arithmetic: Model.Arithmetic { information.arithmetic }

  /// The peak rate for the tower's products; nil if its matrices have several kinds of products, or if there is no measuring
  /// loop for this kind of processor.
  func best(_ tower: Tower, of peak: PeakRate) -> Double? {
    guard !isMixed(tower) else { return nil }
    return switch arithmetic {
    case .bf16: peak.bf16
    case .fast where precision(of: tower) == .int8: peak.int8
    case .exact where precision(of: tower) == .int8: peak.int16
    case .fast, .exact: peak.fp32
    }
  }

  private func isMixed(_ tower: Tower) -> Bool {
    let forms = tower == .image ? description.imageForms : description.textForms
    return forms.contains { $0.precision == .fp16 || arithmetic == .fast && $0.hasWideInputs }
  }

  /// From most to least faithful by construction: FP32, FP16, int8 with 16-bit activations or BF16, int8 throughout.
  var roundingRank: Int {
    let towers = Tower.allCases.filter { description.architecture.has($0) }
    return towers.map { tower in
      switch precision(of: tower) {
      case .fp32: 0
      case .fp16: arithmetic == .bf16 ? 2 : 1
      case .int8: arithmetic == .fast ? 3 : 2
      }
    }.max() ?? 0
  }

  private static func arithmeticName(_ bundle: OpenBundle) -> String {
    let description = bundle.description
    let precisions = Tower.allCases.filter { description.architecture.has($0) }.map {
      ($0 == .image ? description.imagePrecision : description.textPrecision).fieldValue.description
    }
    let stored = Array(Set(precisions)).sorted().joined(separator: "/")
    let arithmetic = bundle.model.information.arithmetic
    return description.hasInt8 || arithmetic == .bf16 ? "\(stored) \(arithmetic)" : stored
  }

  /// The bundles that the user gave.
  ///
  /// - Throws: errors from opening; `data` for bundles of two models.
  static func opened(_ paths: [String], _ options: Model.Options) throws(Failure) -> [BenchBundle] {
    var bundles: [BenchBundle] = []
    for path in paths {
      let bundle = try OpenBundle.opened(path, options)
      if let first = bundles.first { try requireOneModel(first.bundle, bundle) }
      let id = bundle.model.information.bundleID
      guard !bundles.contains(where: { $0.bundle.model.information.bundleID == id }) else {
        throw Failure(.usage, "\(path): this bundle is given twice", hint: "name each bundle once")
      }
      bundles.append(BenchBundle(bundle: bundle))
    }
    return bundles
  }

  /// Each bundle once per arithmetic; `bf16` only if this processor supports it.
  ///
  /// - Throws: errors from opening.
  static func all(of candidates: [BenchBundle], _ options: Model.Options) throws(Failure) -> [BenchVariant] {
    var variants: [BenchVariant] = []
    for candidate in candidates {
      let bundle = candidate.bundle
      for arithmetic in bundle.description.hasInt8 ? [Model.Arithmetic.exact, .fast] : [.exact, .bf16] {
        var options = options
        options.arithmetic = arithmetic
        do throws(PocketCLIPError) {
          variants.append(
            BenchVariant(candidate, try bundle.running(options), namesFile: candidates.count > 1))
        } catch {
          guard arithmetic == .bf16, error.code == .unsupported else {
            throw Failure(error, file: bundle.path)
          }
        }
      }
    }
    return variants
  }

  /// The variant that rounds least; of several, the largest file, which has more matrices in FP16; then the first.
  static func mostFaithful(_ variants: [BenchVariant]) -> Int {
    func size(_ index: Int) -> Int { Int(clamping: variants[index].information.fileByteCount) }
    return variants.indices.min {
      (variants[$0].roundingRank, -size($0)) < (variants[$1].roundingRank, -size($1))
    } ?? 0
  }

  /// - Throws: `data`.
  private static func requireOneModel(_ first: OpenBundle, _ other: OpenBundle) throws(Failure) {
    let towers = (first.towerNames, other.towerNames)
    guard towers.0 == towers.1 else {
      throw Failure(
        .data,
        "only bundles of the same towers can be compared: \(first.path) has \(towers.0), \(other.path) \(towers.1)",
        hint:
          "convert the checkpoint with one --tower and several --precision, or run bench on each bundle alone"
      )
    }
    let spaces = (first.model.information.space, other.model.information.space)
    let reason: String
    switch spaces.0.compared(with: spaces.1) {
    case .same: return
    case .different: reason = "\(first.path) has the space \(spaces.0), \(other.path) \(spaces.1)"
    case .unknown: reason = "the checkpoints of \(first.path) and \(other.path) are unknown"
    }
    throw Failure(
      .data, "only bundles of one model can be compared: \(reason)",
      hint: "convert one checkpoint with --precision fp16 and with --precision int8, and give both")
  }
}

extension OpenBundle {
  /// `image`, `text` or `image and text`.
  fileprivate var towerNames: String {
    Tower.allCases.filter { header.description.architecture.has($0) }.map { "\($0)" }.joined(
      separator: " and ")
  }
}
