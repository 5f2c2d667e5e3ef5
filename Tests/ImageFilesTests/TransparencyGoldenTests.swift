import Architecture
import Foundation
import ImageFiles
import TestSupport
import Testing

/// Fixtures/preprocessing/transparency.json: the results of transformers' two image processors for images with
/// transparency.
struct TransparencyGoldens: Decodable {
  struct Image: Decodable, CustomTestStringConvertible {
    var file: String
    /// SHA-256 of the image as RGB in its own size, on white and without its alpha.
    var rgb: String
    var dropped: String
    var prepared: [Prepared]

    var testDescription: String { file }
  }

  struct Prepared: Decodable {
    var backend: String
    var setting: String
    var size: Int
    /// SHA-256 of the bytes after resize and crop, and of the normalized FP32 planes.
    var bytes: String
    var floats: String
  }

  var images: [Image]

  static let images: [Image] =
    (try? Fixture.decoded("preprocessing/transparency.json", as: TransparencyGoldens.self))?.images ?? []
}

extension TransparencyGoldens.Image: ImageGolden {
  var path: String { file }
}

extension TransparencyGoldens.Prepared {
  /// The settings of make_transparency.py; nil for an unknown name.
  func preprocessing() -> Preprocessing? {
    var result = Preprocessing.openAI
    (result.crop, result.conversion, result.alpha) = (.down, .beforeResize, .white)
    switch setting {
    case "crop": break
    case "edge": (result.resizeEdge, result.interpolation) = (64, .bilinear)
    case "squash": result.resize = .squash
    default: return nil
    }
    switch backend {
    case "pillow": break
    case "torchvision": result.backend = .torchvision
    default: return nil
    }
    return result
  }
}

@Suite("Images with transparency compared with transformers") struct TransparencyGoldenTests {
  private var onWhite: Preprocessing {
    var result = Preprocessing.openAI
    (result.conversion, result.alpha) = (.beforeResize, .white)
    return result
  }

  @Test("Every kind of transparency has a golden, and most goldens depend on it") func goldensAreThere()
    throws
  {
    let images = TransparencyGoldens.images
    #expect(images.count >= 25)
    #expect(images.filter { $0.rgb != $0.dropped }.count >= 20)
    let modes = Set(try images.map { try $0.decoded().mode })
    #expect(modes == [.rgba, .greyAlpha, .palette, .rgb, .grey, .grey16, .bilevel])
  }

  @Test("An image on white equals transformers'", arguments: TransparencyGoldens.images)
  func laidOnWhite(golden: TransparencyGoldens.Image) throws {
    let image = try golden.decoded()
    #expect(sha256(try image.prepared(for: onWhite, imageSize: 24).pixels) == golden.rgb)
    #expect(sha256(image.rgb().pixels) == golden.dropped)
  }

  @Test("Prepared bytes and floats equal transformers'", arguments: TransparencyGoldens.images)
  func prepared(golden: TransparencyGoldens.Image) throws {
    let image = try golden.decoded()
    #expect(golden.prepared.count == 6)
    for expected in golden.prepared {
      let prepared = try PreparedImage(image, #require(expected.preprocessing()), size: expected.size)
      #expect(sha256(prepared.square) == expected.bytes, "\(expected)")
      #expect(sha256(prepared.planes) == expected.floats, "\(expected)")
    }
  }

  @Test("An image without transparency is the same on white", arguments: ImageGoldens.images)
  func opaque(golden: ImageGoldens.Image) throws {
    let image = try golden.decoded()
    guard image.transparency == nil, image.mode != .rgba, image.mode != .greyAlpha else { return }
    #expect(sha256(try image.prepared(for: onWhite, imageSize: 24).pixels) == golden.rgb)
  }

  @Test("Turning an image upright keeps its transparency") func upright() throws {
    let golden = try #require(TransparencyGoldens.images.first { $0.file.hasSuffix("palette-alphas.png") })
    var image = try golden.decoded()
    image.orientation = 3
    let turned = try image.upright().prepared(for: onWhite, imageSize: 24)
    var pixels: [UInt8] = []
    for start in stride(from: turned.pixels.count - 3, through: 0, by: -3) {
      pixels += turned.pixels[start..<start + 3]
    }
    #expect(sha256(pixels) == golden.rgb)
  }

  @Test("A tRNS chunk that is too short is an error, like in Pillow") func short() throws {
    var bytes = try Fixture.data("preprocessing/transparent/grey-8-bit-key.png")
    let chunk = try #require(bytes.firstRange(of: Data("tRNS".utf8)))
    // One byte of content instead of two. libpng ignores the wrong checksum of an optional chunk.
    bytes[chunk.lowerBound - 1] = 1
    bytes.remove(at: chunk.upperBound)
    let error = #expect(throws: ImageFileError.self) { try ImageFiles.decode(bytes, name: "short.png") }
    #expect(error?.code == .undecodable && error?.detail.contains("tRNS") == true)
  }
}
