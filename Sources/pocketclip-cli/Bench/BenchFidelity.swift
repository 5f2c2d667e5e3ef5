import Architecture
import BundleFormat
import PocketCLIP
import Progress
import Verification

/// How close the vectors of one variant are to those of another, on the probes of `verify`.
struct BenchFidelity {
  /// The smallest cosine over the probes; nil for an absent tower, or for texts without a tokenizer.
  let image, text: Double?

  /// The worse of the two.
  var worst: Double { min(image ?? 1, text ?? 1) }

  init(_ vectors: ProbeVectors, against truth: ProbeVectors) {
    image = Self.worstCosine(vectors.images, truth.images)
    text = Self.worstCosine(vectors.texts, truth.texts)
  }

  private static func worstCosine(_ vectors: [[Float]], _ truth: [[Float]]) -> Double? {
    zip(vectors, truth).map { vector, expected in
      zip(vector, expected).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        / (squareSum(vector) * squareSum(expected)).squareRoot()
    }.min()
  }

  private static func squareSum(_ vector: [Float]) -> Double {
    vector.reduce(0) { $0 + Double($1) * Double($1) }
  }
}

/// The built-in probes' vectors.
struct ProbeVectors {
  private(set) var images: [[Float]] = []
  private(set) var texts: [[Float]] = []

  /// How much `init` adds to the progress.
  static func countedMultiplyAdds(_ variant: BenchVariant) -> Int {
    let architecture = variant.description.architecture
    let hasTexts = variant.information.hasText && variant.information.hasTokenizer
    return ProbeSet.standard.images.count * architecture.countedMultiplyAdds(.image)
      + (hasTexts ? ProbeSet.standard.texts.count * architecture.countedMultiplyAdds(.text) : 0)
  }

  init(_ variant: BenchVariant, _ progress: WorkProgress) throws(Failure) {
    let probes = ProbeSet.standard
    let width = probes.images.map(\.width).max() ?? 1
    let height = probes.images.map(\.height).max() ?? 1
    let session = try variant.bundle.session(batch: 1, width: width, height: height)
    do throws(PocketCLIPError) {
      if variant.information.hasImage {
        let inputs = probes.images.compactMap {
          Session.Image(pixels: $0.pixels, width: $0.width, height: $0.height)
        }
        let results = try session.countingLayers(of: variant.description.architecture, progress) {
          () throws(PocketCLIPError) in
          try session.encode(images: inputs)
        }
        for result in results { images.append(try result.get()) }
      }
      if variant.information.hasText, variant.information.hasTokenizer {
        texts = try session.countingLayers(of: variant.description.architecture, progress) {
          () throws(PocketCLIPError) in
          try session.encode(texts: probes.texts)
        }
      }
    } catch {
      throw Failure(error, file: variant.bundle.path)
    }
  }
}
