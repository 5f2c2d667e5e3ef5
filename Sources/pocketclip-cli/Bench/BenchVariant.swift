import Architecture
import BundleFormat
import PocketCLIP
import Verification

/// A bundle, open in one arithmetic.
struct BenchVariant {
  let bundle: BundleInput
  /// Of several bundles or arithmetics: told apart by this.
  let name: String

  /// - Parameter namesFile: whether the file's name is needed to tell it from others.
  init(_ bundle: BundleInput, namesFile: Bool) {
    self.bundle = bundle
    let file = bundle.path.split(separator: "/").last ?? ""
    let stem = file.hasSuffix(".pclip") ? file.dropLast(".pclip".count) : file
    name = (namesFile ? "\(stem), " : "") + Self.arithmeticName(bundle)
  }

  var description: BundleDescription { bundle.header.description }
  var information: ModelInformation { bundle.model.information }

  func precision(of tower: Tower) -> Precision {
    tower == .image ? description.imagePrecision : description.textPrecision
  }

  func isInteger(_ tower: Tower) -> Bool { precision(of: tower) == .int8 && information.arithmetic == .fast }

  /// From most to least faithful by construction: FP32, FP16, int8 with float activations, int8 throughout.
  var roundingRank: Int {
    let towers = Tower.allCases.filter { description.architecture.has($0) }
    return towers.map { tower in
      switch precision(of: tower) {
      case .fp32: 0
      case .fp16: 1
      case .int8: information.arithmetic == .fast ? 3 : 2
      }
    }.max() ?? 0
  }

  private static func arithmeticName(_ bundle: BundleInput) -> String {
    let description = bundle.header.description
    let precisions = Tower.allCases.filter { description.architecture.has($0) }.map {
      ($0 == .image ? description.imagePrecision : description.textPrecision).fieldValue.description
    }
    let stored = Array(Set(precisions)).sorted().joined(separator: "/")
    return description.hasInt8 ? "\(stored) \(bundle.model.information.arithmetic)" : stored
  }

  /// Each bundle once, or twice where arithmetics differ.
  ///
  /// - Throws: what opening throws; `badData` for bundles of two models.
  static func all(_ paths: [String], _ options: Model.Options, compares: Bool) throws -> [BenchVariant] {
    var bundles: [BundleInput] = []
    for path in paths {
      let bundle = try BundleInput(path, options)
      if let first = bundles.first { try requireOneModel(first, bundle) }
      guard compares, bundle.header.description.hasInt8 else {
        bundles.append(bundle)
        continue
      }
      for arithmetic in [Model.Arithmetic.exact, .fast] {
        var options = options
        options.arithmetic = arithmetic
        bundles.append(try BundleInput(path, options))
      }
    }
    return bundles.map { BenchVariant($0, namesFile: paths.count > 1) }
  }

  private static func requireOneModel(_ first: BundleInput, _ other: BundleInput) throws(Failure) {
    let spaces = (first.model.information.spaceID, other.model.information.spaceID)
    let reason: String
    switch SpaceComparison(spaces.0, spaces.1) {
    case .same: return
    case .different: reason = "\(first.path) has the space \(spaces.0), \(other.path) \(spaces.1)"
    case .unknown: reason = "what \(first.path) and \(other.path) were made from is not known"
    }
    throw Failure(
      .badData, "only bundles of one model can be compared: \(reason)",
      hint: "convert one checkpoint with --precision fp16 and with --precision int8, and give both")
  }
}
