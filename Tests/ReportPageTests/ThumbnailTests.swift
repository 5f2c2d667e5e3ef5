import Foundation
import ImageFiles
import ReportPage
import Testing
import Verification

@Suite("Thumbnails") struct ThumbnailTests {
  private func image(_ width: Int, _ height: Int, _ value: (_ x: Int, _ y: Int, _ channel: Int) -> UInt8)
    -> ProbeImage
  {
    ProbeImage(
      width: width, height: height,
      pixels: (0..<height).flatMap { y in
        (0..<width).flatMap { x in (0..<3).map { value(x, y, $0) } }
      })
  }

  private func decoded(_ image: ProbeImage) throws -> DecodedImage {
    let png = try #require(Thumbnail.png(of: image))
    return try ImageFiles.decode(Data(png), name: "thumbnail", limits: ImageFiles.Limits())
  }

  @Test(
    "libpng reads a PNG of at most 96 pixels with the image's proportions",
    arguments: [
      (960, 480, 96, 48), (10, 20, 10, 20), (1, 1, 1, 1), (3000, 2, 96, 1), (97, 96, 96, 95),
    ])
  func size(width: Int, height: Int, expectedWidth: Int, expectedHeight: Int) throws {
    let found = try decoded(image(width, height) { _, _, channel in UInt8(60 * channel) })
    #expect(found.width == expectedWidth && found.height == expectedHeight)
    #expect(found.samples.prefix(3) == [0, 60, 120])
  }

  @Test("Each pixel is the mean of those that it covers")
  func mean() throws {
    let found = try decoded(
      image(192, 192) { x, y, channel in channel == 0 ? UInt8((x % 2) * 200) : UInt8(y) })
    #expect(found.samples[0] == 100)
    #expect(found.samples[1] == 0 && found.samples[3 * 96 + 1] == 2)
  }
}
