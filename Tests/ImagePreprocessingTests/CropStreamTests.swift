import Architecture
import CKernels
import ImagePreprocessing
import TestSupport
import Testing

@Suite("Images resampled row by row") struct CropStreamTests {
  /// Transforms whose backend is supported.
  static let transforms = PublishedTransform.allCases.filter {
    CropStream.supports($0.preprocessing(32).backend)
  }

  /// Shrunk and enlarged, of the target's size, one pixel, one row, one column, and tall enough for each order of passes.
  static let dimensions = [
    (1, 1), (2, 3), (32, 32), (32, 90), (90, 32), (36, 36), (57, 41), (41, 57), (64, 48), (400, 3), (3, 400),
    (1, 300), (300, 1), (120, 500), (90, 1000), (1000, 90), (301, 299), (33, 4000), (4000, 33),
  ]

  private func complete(
    _ image: borrowing ImageView, _ preprocessing: Preprocessing, size: Int
  ) throws -> [UInt8] {
    var scratch = ImagePreprocessor.Scratch(
      maximumWidth: image.width, maximumHeight: image.height, imageSize: size,
      channelCount: image.channelCount)
    var square = [UInt8](repeating: 0, count: size * size * image.channelCount)
    var span = square.mutableSpan
    try ImagePreprocessor(preprocessing, imageSize: size).crop(image, into: &span, scratch: &scratch)
    return square
  }

  /// - Parameter isNarrow: only the columns that the crop needs are given.
  private func streamed(
    _ pixels: [UInt8], width: Int, height: Int, channels: Int, _ preprocessing: Preprocessing, size: Int,
    rowsAtOnce: Int, isNarrow: Bool = false, kernels: ResizeKernels = .detected
  ) throws -> [UInt8] {
    let window = CropWindow(width: width, height: height, imageSize: size, preprocessing)
    let columns = isNarrow ? window.columns : 0..<width
    var stream = CropStream(
      window, imageSize: size, channelCount: channels, columns: columns, kernels: kernels)
    for first in stride(from: 0, to: height, by: rowsAtOnce) {
      let count = min(rowsAtOnce, height - first)
      if first + count <= window.rows.lowerBound || first >= window.rows.upperBound {
        stream.skip(count)
        continue
      }
      let start = (first * width + columns.lowerBound) * channels
      let end = start + ((count - 1) * width + columns.count) * channels
      let rows = try ImageView(
        pixels.span.extracting(start..<end), width: columns.count, height: count, channelCount: channels,
        rowStride: width * channels)
      try stream.append(rows)
    }
    let isComplete = stream.isComplete
    #expect(isComplete)
    return stream.finish()
  }

  @Test("Bytes equal those of the complete image, however many rows arrive at once", arguments: transforms)
  func generated(transform: PublishedTransform) throws {
    for (number, (width, height)) in Self.dimensions.enumerated() {
      let pixels = GeneratedImage.pixels(number, width: width, height: height)
      let image = try ImageView(pixels.span, width: width, height: height)
      for size in [32, 24] {
        let preprocessing = transform.preprocessing(size)
        let expected = try complete(image, preprocessing, size: size)
        for (rowsAtOnce, isNarrow) in [(1, false), (5, true), (8, false), (64, true), (height, false)] {
          let found = try streamed(
            pixels, width: width, height: height, channels: 3, preprocessing, size: size,
            rowsAtOnce: rowsAtOnce, isNarrow: isNarrow)
          #expect(found == expected, "\(width) x \(height) to \(size), \(rowsAtOnce) rows at once")
        }
      }
    }
  }

  @Test("Bytes of the golden sizes equal those of the libraries", arguments: transforms)
  func goldens(transform: PublishedTransform) throws {
    let goldens = try #require(ResizeGoldens.shared)
    for number in stride(from: 0, to: goldens.dimensions.count, by: 9) {
      let (width, height) = (goldens.dimensions[number][0], goldens.dimensions[number][1])
      let size = ResizeGoldens.sizes[number % 5]
      let preprocessing = transform.preprocessing(size)
      let square = try streamed(
        GeneratedImage.pixels(number, width: width, height: height), width: width, height: height,
        channels: 3,
        preprocessing, size: size, rowsAtOnce: 8)
      var planes = [Float](repeating: 0, count: 3 * size * size)
      var span = planes.mutableSpan
      try ImagePreprocessor(preprocessing, imageSize: size).normalize(square.span, into: &span)
      #expect(
        sha256(square, planes).prefix(32) == goldens.hash(transform.rawValue, number),
        "image \(number) of \(width) x \(height), to \(size)")
    }
  }

  @Test("Every channel count gives the bytes of the complete image", arguments: 1...4)
  func channels(count: Int) throws {
    for (width, height) in [(70, 50), (20, 300), (500, 40), (9, 7)] {
      let pixels = Array(
        GeneratedImage.pixels(3, width: 2 * width, height: height).prefix(width * height * count))
      let image = try ImageView(pixels.span, width: width, height: height, channelCount: count)
      let found = try streamed(
        pixels, width: width, height: height, channels: count, .openAI, size: 32, rowsAtOnce: 8)
      #expect(found == (try complete(image, .openAI, size: 32)), "\(width) x \(height)")
    }
  }

  @Test("Kernels of every instruction set give the same bytes", arguments: transforms)
  func instructionSets(transform: PublishedTransform) throws {
    let preprocessing = transform.preprocessing(32)
    for (number, (width, height)) in Self.dimensions.enumerated() {
      let pixels = GeneratedImage.pixels(number, width: width, height: height)
      func square(_ isa: pk_isa) throws -> [UInt8] {
        try streamed(
          pixels, width: width, height: height, channels: 3, preprocessing, size: 32, rowsAtOnce: 8,
          kernels: ResizeKernels(isa: isa))
      }
      let scalar = try square(PK_ISA_SCALAR)
      for isa in (1..<PK_ISA_COUNT).map({ pk_isa(rawValue: UInt32($0)) }) where pk_kernels_for(isa) != nil {
        #expect(try square(isa) == scalar, "\(width) x \(height)")
      }
    }
  }

  @Test("Rows of another width or channel count are an error") func otherRows() throws {
    let window = CropWindow(width: 40, height: 40, imageSize: 32, .openAI)
    var stream = CropStream(window, imageSize: 32, channelCount: 3)
    let bytes = [UInt8](repeating: 0, count: 40 * 4)
    let narrow = try ImageView(bytes.span, width: 39, height: 1)
    #expect(throws: ImageFault.self) { try stream.append(narrow) }
    let four = try ImageView(bytes.span, width: 40, height: 1, channelCount: 4)
    #expect(throws: ImageFault.self) { try stream.append(four) }
    let isComplete = stream.isComplete
    #expect(!isComplete)
  }
}
