import Architecture
import Foundation
import ImageFiles
import TestSupport
import Testing

/// Fixtures/preprocessing/goldens.json: the results of Pillow, torchvision, open_clip and transformers for each
/// image.
struct ImageGoldens: Decodable {
  struct Image: Decodable, CustomTestStringConvertible {
    var file: String
    var mode: String
    var width: Int
    var height: Int
    var orientation: Int?
    /// SHA-256 of the decoded samples, and of the image converted to RGB.
    var samples: String
    var rgb: String
    var prepared: [Prepared]

    var testDescription: String { file }
  }

  struct Prepared: Decodable {
    var transform: String
    var size: Int
    /// SHA-256 of the bytes after resize, crop and conversion, and their sum.
    var bytes: String
    var sum: Int
    /// SHA-256 of the normalized FP32 planes.
    var floats: String
  }

  var images: [Image]

  static let images: [Image] =
    (try? Fixture.decoded("preprocessing/goldens.json", as: ImageGoldens.self))?.images ?? []
}

/// A golden of one image file.
protocol ImageGolden {
  /// Relative to Fixtures/preprocessing.
  var path: String { get }
}

extension ImageGolden {
  func decoded() throws -> DecodedImage { try ImageFiles.read(Fixture.url("preprocessing/\(path)").path()) }
}

extension ImageGoldens.Image: ImageGolden {
  var path: String { "images/\(file)" }
}

extension Preprocessing {
  /// The transforms of make_preprocessing.py.
  static func golden(_ name: String, size: Int) -> Preprocessing? {
    var preprocessing = Preprocessing.openAI
    switch name {
    case "openai": break
    case "squash": preprocessing.resize = .squash
    case "bilinear": preprocessing.interpolation = .bilinear
    case "transformers":
      preprocessing.crop = .down
      preprocessing.conversion = .beforeResize
    case "transformers-edge":
      preprocessing.crop = .down
      preprocessing.conversion = .beforeResize
      preprocessing.resizeEdge = (size * 8 + 6) / 7
    default: return nil
    }
    return preprocessing
  }
}
