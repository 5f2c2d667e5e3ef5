internal import Architecture
internal import ImageFiles
internal import ImagePreprocessing

/// The settings of preprocessing that people get wrong, one or several at a time.
struct PreprocessingVariants {
  private let stated: Preprocessing
  private let imageSize: Int

  init(_ stated: Preprocessing, imageSize: Int) {
    self.stated = stated
    self.imageSize = imageSize
  }

  /// The fewest changes that give the golden file's levels, such as `interpolation bilinear, crop down`; nil where none do.
  func explanation(_ truth: GoldenImages) throws(VerificationError) -> String? {
    if try gives(stated, truth, onWhite: true) { return Self.onWhite }
    let changes = Change.all
    let subsets = (1..<(1 << changes.count)).sorted { $0.nonzeroBitCount < $1.nonzeroBitCount }
    for subset in subsets {
      let chosen = changes.indices.filter { subset >> $0 & 1 == 1 }.map { changes[$0] }
      guard let variant = variant(chosen) else { continue }
      let text = chosen.map { $0.text(variant) }.joined(separator: ", ")
      if try gives(variant, truth) { return text }
      if try gives(variant, truth, onWhite: true) { return "\(text), \(Self.onWhite)" }
    }
    return nil
  }

  /// No bundle states it.
  private static let onWhite = "transparency on white, as transformers 5 has it"

  /// Settings of which another value gives the golden file's levels just as well.
  func undetermined(_ truth: GoldenImages) throws(VerificationError) -> [String] {
    var names: [String] = []
    for change in Change.all {
      guard let variant = variant([change]), try gives(variant, truth) else { continue }
      names.append(change.name)
    }
    return names
  }

  /// Nil for what no bundle can state.
  private func variant(_ changes: [Change]) -> Preprocessing? {
    var result = stated
    for change in changes { change.apply(&result) }
    let hasEdge = result.resizeEdge != nil
    return hasEdge && (result.resize == .squash || result.conversion == .afterResize) ? nil : result
  }

  private func gives(
    _ variant: Preprocessing, _ truth: GoldenImages, onWhite: Bool = false
  ) throws(VerificationError) -> Bool {
    let preprocessor = ImagePreprocessor(variant, imageSize: imageSize)
    for (image, expected) in zip(truth.images, truth.levels) {
      let image = onWhite ? image.onWhite : image
      let planes = try image.probe(for: variant, imageSize).prepared(by: preprocessor)
      guard variant.levels(of: planes) == expected else { return false }
    }
    return true
  }
}

extension DecodedImage {
  /// Pillow's `alpha_composite` over white; itself where there is no transparency.
  fileprivate var onWhite: DecodedImage {
    guard mode == .rgba else { return self }
    var rgb: [UInt8] = []
    rgb.reserveCapacity(3 * width * height)
    for pixel in stride(from: 0, to: samples.count - 3, by: 4) {
      let alpha = Int(samples[pixel + 3])
      for colour in samples[pixel..<pixel + 3] {
        let sum = (Int(colour) * alpha + 255 * (255 - alpha)) << 7 + 0x4000
        rgb.append(UInt8(truncatingIfNeeded: (sum >> 8 + sum) >> 15))
      }
    }
    return DecodedImage(mode: .rgb, width: width, height: height, samples: rgb)
  }
}

/// One setting, to its other value.
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
  ]
}
