internal import Architecture
internal import ImageFiles
internal import ImagePreprocessing

/// The preprocessing settings that are often wrong, one or several at a time.
struct PreprocessingVariants {
  private let stated: Preprocessing
  private let imageSize: Int

  init(_ stated: Preprocessing, imageSize: Int) {
    self.stated = stated
    self.imageSize = imageSize
  }

  /// The fewest changes that reproduce the golden file's levels, such as `interpolation bilinear, crop down`; nil if
  /// none do.
  func explanation(_ truth: GoldenImages) throws(VerificationError) -> String? {
    let changes = Change.all
    let subsets = (1..<(1 << changes.count)).sorted { $0.nonzeroBitCount < $1.nonzeroBitCount }
    for subset in subsets {
      let chosen = changes.indices.filter { subset >> $0 & 1 == 1 }.map { changes[$0] }
      guard let variant = variant(chosen) else { continue }
      if try gives(variant, truth) { return chosen.map { $0.text(variant) }.joined(separator: ", ") }
    }
    return nil
  }

  /// Settings for which another value reproduces the golden file's levels equally well.
  func undetermined(_ truth: GoldenImages) throws(VerificationError) -> [String] {
    var names: [String] = []
    for change in Change.all {
      guard let variant = variant([change]), try gives(variant, truth) else { continue }
      names.append(change.name)
    }
    return names
  }

  /// Nil for a combination that a bundle cannot state.
  private func variant(_ changes: [Change]) -> Preprocessing? {
    var result = stated
    for change in changes { change.apply(&result) }
    let convertsLate = result.conversion == .afterResize
    if convertsLate, result.alpha == .white { return nil }
    return result.resizeEdge != nil && (result.resize == .squash || convertsLate) ? nil : result
  }

  private func gives(
    _ variant: Preprocessing, _ truth: GoldenImages
  ) throws(VerificationError) -> Bool {
    let preprocessor = ImagePreprocessor(variant, imageSize: imageSize)
    for (image, expected) in zip(truth.images, truth.levels) {
      let planes = try image.probe(for: variant, imageSize).prepared(by: preprocessor)
      guard variant.levels(of: planes) == expected else { return false }
    }
    return true
  }
}

/// One setting changed to another value.
private struct Change: Sendable {
  var name: String
  var apply: @Sendable (inout Preprocessing) -> Void
  var value: @Sendable (Preprocessing) -> String

  func text(_ variant: Preprocessing) -> String { "\(name) \(value(variant))" }

  static let all = [
    Change(
      name: "interpolation",
      apply: { $0.interpolation = $0.interpolation == .bicubic ? .bilinear : .bicubic },
      value: { "\($0.interpolation)" }),
    Change(
      name: "crop rounding", apply: { $0.crop = $0.crop == .down ? .halfToEven : .down },
      value: { "\($0.crop)" }),
    Change(
      name: "conversion",
      apply: { $0.conversion = $0.conversion == .afterResize ? .beforeResize : .afterResize },
      value: { $0.conversion == .afterResize ? "after resizing" : "before resizing" }),
    Change(
      name: "resize", apply: { $0.resize = $0.resize == .shortest ? .squash : .shortest },
      value: { "\($0.resize)" }),
    Change(
      name: "alpha", apply: { $0.alpha = $0.alpha == .drop ? .white : .drop }, value: { "\($0.alpha)" }),
  ]
}
