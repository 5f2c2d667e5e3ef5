import Foundation
import ImageFiles
import TestSupport
import Testing

@Suite("Invalid image files") struct HostileFileTests {
  private func code(_ bytes: [UInt8], limits: ImageFiles.Limits = .init()) -> ImageFileError.Code? {
    do {
      _ = try ImageFiles.decode(Data(bytes), name: "x", limits: limits)
      return nil
    } catch {
      return error.code
    }
  }

  @Test("Every truncated image is an error, never a grey image")
  func truncations() throws {
    for file in ["photo-422.jpg", "progressive.jpg", "grey-alpha.png", "lossy.webp", "lossless.webp"] {
      let whole = [UInt8](try Fixture.data("preprocessing/images/\(file)"))
      #expect(code(whole) == nil)
      for count in stride(from: 0, to: whole.count - 12, by: max(1, whole.count / 97)) {
        #expect(code(Array(whole.prefix(count))) != nil, "\(file) cut to \(count) bytes")
      }
    }
  }

  @Test("Bit flips give an image or an error, never a crash") func bitFlips() throws {
    var generator = SplitMix(seed: 2026)
    for golden in ImageGoldens.images {
      let whole = [UInt8](try Fixture.data("preprocessing/images/\(golden.file)"))
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
    "Files of other kinds are identified",
    arguments: [
      ("", "empty"), ("version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
      ("<!DOCTYPE html><html>", "HTML page"), ("GIF89a", "GIF"), ("PK\u{3}\u{4}", "zip archive"),
      ("hello", "68 65"),
    ])
  func otherKinds(text: String, expected: String) {
    let error = #expect(throws: ImageFileError.self) {
      try ImageFiles.decode(Data(text.utf8), name: "cat.jpg")
    }
    #expect(error?.code == (text.isEmpty ? .empty : .unsupported))
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

  @Test("More pixels than the limit are an error before decoding") func tooLarge() throws {
    var limits = ImageFiles.Limits()
    limits.maximumPixelCount = 80 * 60 - 1
    let file = [UInt8](try Fixture.data("preprocessing/images/rotated.jpg"))
    #expect(code(file, limits: limits) == .tooLarge)
    limits.maximumPixelCount += 1
    #expect(code(file, limits: limits) == nil)
  }

  @Test("A header that states more pixels than its bytes can hold causes no allocation") func lyingHeader()
    throws
  {
    var file = [UInt8](try Fixture.data("preprocessing/images/restart.jpg"))
    let frame = try #require(file.indices.first { file[$0] == 0xFF && file[$0 + 1] == 0xC0 })
    file.replaceSubrange(frame + 5..<frame + 9, with: [0x30, 0, 0x30, 0])  // 12,288 × 12,288
    #expect(code(file) == .truncated)
  }

  @Test("A small file that needs gigabytes is an error, and the advice admits it") func smallFile() throws {
    // A lossless WebP of one colour: 14 bits each of width − 1 and height − 1.
    var file: [UInt8] = Array("RIFF\u{1E}\0\0\0WEBPVP8L\u{11}\0\0\0/".utf8)
    file += [0x57, 0xC2, 0x15, 0x04, 0x07, 0x50, 0x8A, 0x2A, 0xD4, 0xA3, 0xFF, 0x81, 0x88, 0xE8, 0x7F, 0, 0]
    func set(_ width: Int, _ height: Int) {
      let bits = (width - 1) | (height - 1) << 14
      for byte in 0..<4 {
        file[21 + byte] = UInt8(truncatingIfNeeded: bits >> (8 * byte)) | (byte == 3 ? file[24] & 0xF0 : 0)
      }
    }
    set(2000, 1000)
    var limits = ImageFiles.Limits(megapixels: 8)
    #expect(code(file, limits: limits) == nil)
    set(2000, 1001)
    let error = #expect(throws: ImageFileError.self) {
      try ImageFiles.decode(Data(file), name: "x", limits: limits)
    }
    #expect(error?.code == .tooLarge && error?.megapixels == 12)
    limits = ImageFiles.Limits(megapixels: error?.megapixels ?? 0)
    #expect(code(file, limits: limits) == nil)
    set(16384, 16384)
    #expect(code(file) == .tooLarge)
  }

  @Test("More scans than encoders write stop the decoding") func scans() throws {
    let file = [UInt8](try Fixture.data("preprocessing/images/progressive.jpg"))
    let scan = try #require(file.indices.dropLast().last { file[$0] == 0xFF && file[$0 + 1] == 0xDA })
    let last = file[scan..<file.count - 2]
    #expect(code(file[..<scan] + (0..<80).flatMap { _ in last } + [0xFF, 0xD9]) == nil)
    #expect(code(file[..<scan] + (0..<120).flatMap { _ in last } + [0xFF, 0xD9]) == .tooManyScans)
  }

  @Test("A side longer than the runtime accepts is an error before decoding") func longSide() throws {
    var file = [UInt8](try Fixture.data("preprocessing/images/grey-alpha.png"))
    for (side, isTooLong) in [(65_536, false), (65_537, true)] {
      file.replaceSubrange(
        16..<24, with: [0, UInt8(side >> 16), UInt8(side >> 8 & 255), UInt8(side & 255), 0, 0, 0, 200])
      let checksum = crc32(file[12..<29])
      file.replaceSubrange(29..<33, with: (0..<4).map { UInt8(checksum >> (24 - 8 * $0) & 255) })
      #expect((code(file) == .tooLarge) == isTooLong, "\(side)")
    }
  }

  /// The checksum of a PNG chunk.
  private func crc32(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { sum, byte in
      (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in sum >> 1 ^ (sum & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
  }
}
