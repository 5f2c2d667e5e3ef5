import Architecture
import CKernels
import Foundation
import ImageFiles
import ImagePreprocessing
import TestSupport
import Testing

/// Fixtures/preprocessing/resizes.json: the results of Pillow, torchvision 0.28 and 0.23, and transformers'
/// processors with them, for each generated image.
struct ResizeGoldens: Decodable {
  /// Width and height of each image.
  var dimensions: [[Int]]
  /// For each transform, the first 32 digits of each image's SHA-256, concatenated.
  var hashes: [String: String]

  static let sizes = [224, 240, 288, 336, 378]
  static let shared: ResizeGoldens? = try? Fixture.decoded(
    "preprocessing/resizes.json", as: ResizeGoldens.self)

  static var count: Int { shared?.dimensions.count ?? 0 }

  func hash(_ transform: String, _ number: Int) -> Substring {
    (hashes[transform] ?? "").dropFirst(32 * number).prefix(32)
  }
}

/// A transform of make_resizes.py in PocketCLIP's terms.
enum PublishedTransform: String, CaseIterable {
  case openAI = "openai"
  case openCLIPSquash = "open_clip-squash"
  case openCLIPBilinear = "open_clip-bilinear"
  case slowBicubic = "slow-bicubic"
  case slowBilinear = "slow-bilinear"
  case slowBicubicEdge = "slow-bicubic-edge"
  case fastBicubic = "fast-bicubic"
  case fastBicubicEdge = "fast-bicubic-edge"
  case fastBicubicSquash = "fast-bicubic-squash"
  case fastBilinear = "fast-bilinear"
  case fastBilinearEdge = "fast-bilinear-edge"
  case fastBilinearSquash = "fast-bilinear-squash"
  case floatBilinear = "float-bilinear"
  case floatBilinearEdge = "float-bilinear-edge"
  case floatBilinearSquash = "float-bilinear-squash"

  func preprocessing(_ size: Int) -> Preprocessing {
    var result = Preprocessing.openAI
    if rawValue.hasSuffix("squash") { result.resize = .squash }
    if rawValue.contains("bilinear") { result.interpolation = .bilinear }
    if rawValue.hasSuffix("edge") { result.resizeEdge = (size * 8 + 6) / 7 }
    if rawValue.hasPrefix("fast") { result.backend = .torchvision }
    if rawValue.hasPrefix("float") { result.backend = .torchvisionFloat }
    if !rawValue.hasPrefix("open") {
      result.crop = .down
      result.conversion = .beforeResize
    }
    return result
  }
}

@Suite("Generated images compared with Pillow, torchvision and transformers") struct ResizeGoldenTests {
  @Test("Each transform has a golden for each of at least 300 images") func goldensAreThere() throws {
    let goldens = try #require(ResizeGoldens.shared)
    #expect(goldens.dimensions.count >= 300)
    #expect(Set(goldens.hashes.keys) == Set(PublishedTransform.allCases.map(\.rawValue)))
    for hashes in goldens.hashes.values { #expect(hashes.count == 32 * goldens.dimensions.count) }
  }

  @Test("Prepared bytes and floats equal the originals'", arguments: 0..<ResizeGoldens.count)
  func prepared(number: Int) throws {
    let goldens = try #require(ResizeGoldens.shared)
    let (width, height) = (goldens.dimensions[number][0], goldens.dimensions[number][1])
    let pixels = GeneratedImage.pixels(number, width: width, height: height)
    let image = try ImageView(pixels.span, width: width, height: height)
    let size = ResizeGoldens.sizes[number % 5]
    var scratch = ImagePreprocessor.Scratch(maximumWidth: width, maximumHeight: height, imageSize: size)
    var square = [UInt8](repeating: 0, count: 3 * size * size)
    var planes = [Float](repeating: 0, count: 3 * size * size)
    for transform in PublishedTransform.allCases {
      let preprocessor = ImagePreprocessor(transform.preprocessing(size), imageSize: size)
      var squareSpan = square.mutableSpan
      try preprocessor.crop(image, into: &squareSpan, scratch: &scratch)
      var planesSpan = planes.mutableSpan
      try preprocessor.normalize(square.span, into: &planesSpan)
      #expect(
        sha256(square, planes).prefix(32) == goldens.hash(transform.rawValue, number),
        "\(transform.rawValue), image \(number) of \(width) x \(height), to \(size)")
    }
  }

  @Test("Scalar kernels give the same bytes", arguments: PublishedTransform.allCases)
  func scalarKernels(transform: PublishedTransform) throws {
    let goldens = try #require(ResizeGoldens.shared)
    for number in stride(from: 0, to: goldens.dimensions.count, by: 7) {
      let (width, height) = (goldens.dimensions[number][0], goldens.dimensions[number][1])
      let image = RGBImage(
        width: width, height: height, pixels: GeneratedImage.pixels(number, width: width, height: height))
      let preprocessing = transform.preprocessing(32)
      let scalar = try PreparedImage(
        image, preprocessing, size: 32, kernels: ResizeKernels(isa: PK_ISA_SCALAR))
      let detected = try PreparedImage(image, preprocessing, size: 32, kernels: .detected)
      #expect(scalar.square == detected.square, "image \(number)")
    }
  }
}
