import Foundation
import ImageFiles
import TestSupport
import Testing

@Suite("Picture files that are not") struct HostileFileTests {
  private func code(_ bytes: [UInt8], limits: ImageFiles.Limits = .init()) -> ImageFileError.Code? {
    do {
      _ = try ImageFiles.decode(Data(bytes), name: "x", limits: limits)
      return nil
    } catch {
      return error.code
    }
  }

  @Test("Every truncation of a picture is an error, never a grey picture")
  func truncations() throws {
    for file in ["photo-422.jpg", "progressive.jpg", "grey-alpha.png", "lossy.webp", "lossless.webp"] {
      let whole = [UInt8](try Fixture.data("preprocessing/pictures/\(file)"))
      #expect(code(whole) == nil)
      for count in stride(from: 0, to: whole.count - 12, by: max(1, whole.count / 97)) {
        #expect(code(Array(whole.prefix(count))) != nil, "\(file) cut to \(count) bytes")
      }
    }
  }

  @Test("Bit flips give a picture or an error, never a crash") func bitFlips() throws {
    var generator = SplitMix(seed: 2026)
    for golden in PictureGoldens.pictures {
      let whole = [UInt8](try Fixture.data("preprocessing/pictures/\(golden.file)"))
      for _ in 0..<20 {
        var flipped = whole
        for _ in 0..<Int.random(in: 1...8, using: &generator) {
          flipped[Int.random(in: 0..<flipped.count, using: &generator)] ^= 1 << (generator.next() & 7)
        }
        if let image = try? ImageFiles.decode(Data(flipped), name: golden.file) {
          #expect(image.samples.count == image.width * image.height * image.mode.bytesPerPixel)
          #expect(image.rgb().pixels.count == 3 * image.width * image.height)
        }
      }
    }
  }

  @Test(
    "Files of other kinds are named",
    arguments: [
      ("", "empty"), ("version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
      ("<!DOCTYPE html><html>", "HTML page"), ("GIF89a", "GIF"), ("PK\u{3}\u{4}", "zip archive"),
      ("hello", "68 65"),
    ])
  func otherKinds(text: String, expected: String) {
    let error = #expect(throws: ImageFileError.self) {
      try ImageFiles.decode(Data(text.utf8), name: "cat.jpg")
    }
    #expect(error?.code == .unsupported)
    #expect(error?.description.contains(expected) == true)
    #expect(error?.description.hasPrefix("cat.jpg: ") == true)
  }

  @Test("A missing file and a folder are unreadable") func unreadable() {
    for path in [Fixture.url("preprocessing/no-such.png").path(), Fixture.url("preprocessing").path()] {
      let error = #expect(throws: ImageFileError.self) { try ImageFiles.read(path) }
      #expect(error?.code == .unreadable)
      #expect(error?.file == path)
    }
  }

  @Test("More pixels than the limit are refused before they are decoded") func tooLarge() throws {
    var limits = ImageFiles.Limits()
    limits.maximumPixelCount = 80 * 60 - 1
    let file = [UInt8](try Fixture.data("preprocessing/pictures/rotated.jpg"))
    #expect(code(file, limits: limits) == .tooLarge)
    limits.maximumPixelCount += 1
    #expect(code(file, limits: limits) == nil)
  }

  @Test("A header that claims more pixels than its bytes can hold asks for no memory") func lyingHeader()
    throws
  {
    var file = [UInt8](try Fixture.data("preprocessing/pictures/restart.jpg"))
    let frame = try #require(file.indices.first { file[$0] == 0xFF && file[$0 + 1] == 0xC0 })
    file.replaceSubrange(frame + 5..<frame + 9, with: [0x30, 0, 0x30, 0])  // 12,288 × 12,288
    #expect(code(file) == .truncated)
  }
}
