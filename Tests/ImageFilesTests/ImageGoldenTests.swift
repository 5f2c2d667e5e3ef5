import Architecture
import CKernels
import ImageFiles
import ImagePreprocessing
import TestSupport
import Testing

@Suite("Images against Pillow, torchvision, open_clip and transformers") struct ImageGoldenTests {
  @Test("Every mode and shape has a golden") func goldensAreThere() {
    #expect(ImageGoldens.images.count >= 40)
    let modes = Set(ImageGoldens.images.map(\.mode))
    #expect(modes == Set(DecodedImage.Mode.allCases.map(\.rawValue)))
  }

  @Test("Decoded samples equal Pillow's", arguments: ImageGoldens.images)
  func decodedSamples(golden: ImageGoldens.Image) throws {
    let image = try golden.decoded()
    #expect(image.mode.rawValue == golden.mode)
    #expect(image.width == golden.width && image.height == golden.height)
    #expect(image.orientation == golden.orientation)
    #expect(sha256(image.samples) == golden.samples)
  }

  @Test("Conversion to RGB equals Pillow's", arguments: ImageGoldens.images)
  func convertedToRGB(golden: ImageGoldens.Image) throws {
    #expect(sha256(try golden.decoded().rgb().pixels) == golden.rgb)
  }

  @Test(
    "Resized and cropped bytes and normalized floats equal the originals'", arguments: ImageGoldens.images)
  func preparedImages(golden: ImageGoldens.Image) throws {
    let image = try golden.decoded()
    for expected in golden.prepared {
      let preprocessing = try #require(Preprocessing.golden(expected.transform, size: expected.size))
      let prepared = try PreparedImage(image, preprocessing, size: expected.size)
      #expect(sha256(prepared.square) == expected.bytes, "\(expected)")
      #expect(prepared.square.reduce(0) { $0 + Int($1) } == expected.sum)
      #expect(sha256(prepared.planes) == expected.floats, "\(expected)")
    }
  }

  @Test("Scalar and detected kernels give the same bytes", arguments: ImageGoldens.images)
  func kernelsAgree(golden: ImageGoldens.Image) throws {
    let rgb = try golden.decoded().rgb()
    for preprocessing in [Preprocessing.openAI, .golden("squash", size: 48)].compactMap({ $0 }) {
      let scalar = try PreparedImage(
        rgb, preprocessing, size: 64, kernels: ResizeKernels(isa: PK_ISA_SCALAR))
      let detected = try PreparedImage(rgb, preprocessing, size: 64, kernels: .detected)
      #expect(scalar.square == detected.square)
    }
  }
}
