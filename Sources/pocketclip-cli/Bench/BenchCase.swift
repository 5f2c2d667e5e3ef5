import Architecture
import BundleFormat
import PocketCLIP

/// One row of the table: the kind of input and the batch size.
struct BenchCase: Equatable {
  var input: BenchInput
  var batch: Int

  static let batches = [1, 16]

  static func all(of architecture: CLIPArchitecture) -> [BenchCase] {
    BenchInput.allCases.filter { architecture.has($0.tower) }.flatMap { input in
      batches.map { BenchCase(input: input, batch: $0) }
    }
  }
}

enum BenchInput: String, CaseIterable {
  case images, texts, captions

  var tower: Tower { self == .images ? .image : .text }

  /// Operations of one item in the original code; nil for captions, because their length varies.
  func operations(_ architecture: CLIPArchitecture) -> Double? {
    switch self {
    case .images: architecture.image.map { 2 * Double($0.multiplyAdds) }
    case .texts: architecture.text.map { 2 * Double($0.multiplyAdds) }
    case .captions: nil
    }
  }

  /// Those that the runtime computes. It skips what does not reach the output.
  func computedOperations(_ architecture: CLIPArchitecture) -> Double? {
    switch self {
    case .images: architecture.image.map { 2 * Double($0.computedMultiplyAdds) }
    case .texts: architecture.text.map { 2 * Double($0.computedMultiplyAdds) }
    case .captions: nil
    }
  }

  func title(_ architecture: CLIPArchitecture) -> String {
    let context = architecture.text?.contextLength ?? 0
    return switch self {
    case .images: "images"
    case .texts: "texts of \(context) tokens"
    case .captions:
      "captions of \(min(context, captionLengths.lowerBound))-\(min(context, captionLengths.upperBound)) tokens"
    }
  }
}

/// Start and end included; most captions of photographs are no longer.
private let captionLengths = 7...16

/// Prepared inputs, so that only the model is timed.
struct BenchInputs {
  /// `[n, 3, imageSize, imageSize]`.
  let pixels: [Float]
  /// `[n][contextLength]`.
  let ids: [[Int32]]

  init(_ test: BenchCase, _ architecture: CLIPArchitecture) {
    switch test.input {
    case .images:
      pixels = Self.pixels(count: test.batch, size: architecture.image?.imageSize ?? 0)
      ids = []
    case .texts, .captions:
      pixels = []
      ids = (0..<test.batch).map { item in
        architecture.text.map { Self.ids(item: item, of: $0, isCaption: test.input == .captions) } ?? []
      }
    }
  }

  /// Noise in the range of normalized pixels: the time does not depend on the content of an image.
  static func pixels(count: Int, size: Int) -> [Float] {
    var state: UInt32 = 0x9E37_79B9
    return (0..<count * 3 * size * size).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return Float(state >> 8) / Float(1 << 22) - 2
    }
  }

  /// A full context, or a caption's length: ten tokens for the first, then others.
  static func ids(item: Int, of tower: TextTower, isCaption: Bool) -> [Int32] {
    let wanted = isCaption ? captionLengths.lowerBound + (3 + 7 * item) % captionLengths.count : .max
    let length = min(tower.contextLength, wanted)
    let end = tower.pooledID ?? tower.vocabularySize - 1
    return (0..<tower.contextLength).map { position in
      if position == length - 1 { return Int32(clamping: end) }
      guard position < length else { return 0 }
      return Int32(clamping: wordID(item, position, avoiding: end, of: tower.vocabularySize))
    }
  }

  private static func wordID(_ item: Int, _ position: Int, avoiding end: Int, of vocabularySize: Int) -> Int {
    let id = (item * 7919 + position * 104_729) % max(vocabularySize - 1, 1)
    return id == end ? 0 : id
  }
}
