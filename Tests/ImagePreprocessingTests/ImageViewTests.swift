import Architecture
import Foundation
import ImageFiles
import ImagePreprocessing
import TestSupport
import Testing

@Suite("Images passed by callers") struct ImageViewTests {
  private func fault(_ body: () throws(ImageFault) -> Void) -> ImageFault? {
    do {
      try body()
      return nil
    } catch {
      return error
    }
  }

  private func viewFault(
    bytes: Int, width: Int, height: Int, channels: Int = 3, stride: Int? = nil
  ) -> ImageFault? {
    let memory = [UInt8](repeating: 0, count: bytes)
    return fault { () throws(ImageFault) in
      _ = try ImageView(
        memory.span, width: width, height: height, channelCount: channels, rowStride: stride)
    }
  }

  @Test("An image without area or with five channels is an error") func badSizes() {
    #expect(viewFault(bytes: 9, width: 0, height: 1) == .badSize(width: 0, height: 1, channels: 3))
    #expect(viewFault(bytes: 9, width: 1, height: -1) == .badSize(width: 1, height: -1, channels: 3))
    #expect(
      viewFault(bytes: 9, width: 1, height: 1, channels: 5) == .badSize(width: 1, height: 1, channels: 5))
  }

  @Test("Rows that exceed the bytes or overlap are an error") func missingBytes() {
    #expect(viewFault(bytes: 17, width: 3, height: 2) == .bytesMissing(needed: 18, found: 17))
    #expect(viewFault(bytes: 18, width: 3, height: 2, stride: 8) == .bytesMissing(needed: 17, found: 18))
    #expect(viewFault(bytes: 18, width: 3, height: 2, stride: 10) == .bytesMissing(needed: 19, found: 18))
    #expect(viewFault(bytes: 19, width: 3, height: 2, stride: 10) == nil)
    #expect(viewFault(bytes: 8, width: 1, height: 1 << 30, stride: 1 << 40) != nil)
  }

  @Test("Gaps between rows change nothing") func rowStride() throws {
    let rgb = try ImageFiles.read(Fixture.url("preprocessing/images/odd.png").path()).rgb()
    let stride = 3 * rgb.width + 5
    var padded = [UInt8](repeating: 0xAA, count: stride * rgb.height)
    for y in 0..<rgb.height {
      for x in 0..<3 * rgb.width { padded[y * stride + x] = rgb.pixels[y * 3 * rgb.width + x] }
    }
    let preprocessor = ImagePreprocessor(.openAI, imageSize: 48)
    var scratch = ImagePreprocessor.Scratch(maximumWidth: 300, maximumHeight: 300, imageSize: 48)
    var square = [UInt8](repeating: 0, count: 3 * 48 * 48)
    var span = square.mutableSpan
    let view = try ImageView(padded.span, width: rgb.width, height: rgb.height, rowStride: stride)
    try preprocessor.crop(view, into: &span, scratch: &scratch)
    #expect(try square == PreparedImage(rgb, .openAI, size: 48).square)
  }

  @Test("An image larger than the scratch's limits is an error, and the next one is not") func beyondLimit()
    throws
  {
    let pixels = [UInt8](repeating: 7, count: 3 * 40 * 50)
    var scratch = ImagePreprocessor.Scratch(maximumWidth: 40, maximumHeight: 40, imageSize: 16)
    var square = [UInt8](repeating: 0, count: 3 * 16 * 16)
    let preprocessor = ImagePreprocessor(.openAI, imageSize: 16)
    var span = square.mutableSpan
    let found = fault { () throws(ImageFault) in
      try preprocessor.crop(
        ImageView(pixels.span, width: 40, height: 50), into: &span, scratch: &scratch)
    }
    #expect(found == .beyondLimit(maximumWidth: 40, maximumHeight: 40))
    try preprocessor.crop(ImageView(pixels.span, width: 40, height: 40), into: &span, scratch: &scratch)
    #expect(square == [UInt8](repeating: 7, count: 3 * 16 * 16))
  }

  @Test("One scratch serves consecutive images of every shape") func reusedScratch() throws {
    var scratch = ImagePreprocessor.Scratch(maximumWidth: 400, maximumHeight: 400, imageSize: 32)
    let preprocessor = ImagePreprocessor(.openAI, imageSize: 32)
    let shapes = [(400, 400), (1, 1), (399, 2), (3, 400), (32, 32), (31, 33), (200, 300)]
    for (number, (width, height)) in shapes.enumerated() {
      let pixels = GeneratedImage.pixels(number, width: width, height: height)
      let rgb = RGBImage(width: width, height: height, pixels: pixels)
      var square = [UInt8](repeating: 0, count: 3 * 32 * 32)
      var span = square.mutableSpan
      let view = try ImageView(rgb.pixels.span, width: rgb.width, height: rgb.height)
      try preprocessor.crop(view, into: &span, scratch: &scratch)
      #expect(try square == PreparedImage(rgb, .openAI, size: 32).square, "\(width) x \(height)")
    }
  }
}
