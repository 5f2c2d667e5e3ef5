internal import Architecture
internal import CVocabulary
internal import Foundation
internal import ImageFiles
internal import ImagePreprocessing
internal import Tokenizer

/// Tokenizes any bytes as a text. Ids outside the vocabulary or a cut outside the text are defects.
@Sendable func fuzzText(_ bytes: RawSpan) {
  var scratch = Tokenizer.Scratch(contextLength: 77)
  var ids = [Int32](repeating: -1, count: 77)
  var span = ids.mutableSpan
  let text = bytes.withUnsafeBytes { [UInt8]($0) }
  let result = tokenizer.tokenize(text.span, into: &span, scratch: &scratch)
  precondition(ids.prefix(result.count).allSatisfy { 0..<Int32(tokenizer.vocabularySize) ~= $0 })
  precondition(ids[0] == tokenizer.startOfText && ids[result.count - 1] == tokenizer.endOfText)
  precondition(result.cutOffset.map { 0..<text.count ~= $0 } ?? true)
}

/// Decodes any bytes as an image file, prepares the decoded image, and prepares it while it is decoded.
@Sendable func fuzzImage(_ bytes: RawSpan) {
  var limits = ImageFiles.Limits()
  limits.maximumPixelCount = 1 << 18
  let data = bytes.withUnsafeBytes { Data($0) }
  let image = try? ImageFiles.decode(data, name: "fuzz", limits: limits)
  for target in [Preprocessing.openAI, onWhite].map({ ImageTarget($0, imageSize: 16) }) {
    let square = preparedFile(data, limits, target)
    precondition((square == nil) == (image == nil))
    if let image { precondition(square == preparedImage(image, target.preprocessing)) }
    var scaled = target
    scaled.scalesJPEG = true
    precondition((preparedFile(data, limits, scaled) == nil) == (image == nil))
  }
  guard let image else { return }
  precondition(image.samples.count == image.width * image.height * image.mode.bytesPerPixel)
  precondition(
    (try? image.prepared(for: onWhite, imageSize: 16))?.pixels.count == 3 * image.width * image.height)
  guard let rgb = try? image.prepared(for: .openAI, imageSize: 16),
    let view = try? ImageView(rgb.pixels.span, width: rgb.width, height: rgb.height)
  else { preconditionFailure("a decoded image cannot be prepared") }
  var scratch = ImagePreprocessor.Scratch(
    maximumWidth: rgb.width, maximumHeight: rgb.height, imageSize: 16)
  var square = [UInt8](repeating: 0, count: 3 * 16 * 16)
  var span = square.mutableSpan
  for backend in Preprocessing.Backend.allCases {
    var preprocessing = Preprocessing.openAI
    (preprocessing.backend, preprocessing.interpolation) = (backend, .bilinear)
    guard
      (try? ImagePreprocessor(preprocessing, imageSize: 16).crop(view, into: &span, scratch: &scratch))
        != nil
    else { preconditionFailure("a decoded image cannot be cropped") }
  }
}

private let onWhite: Preprocessing = {
  var result = Preprocessing.openAI
  (result.conversion, result.alpha) = (.beforeResize, .white)
  return result
}()

/// The square of a file that is prepared while it is decoded, where that is possible; nil for an error.
private func preparedFile(_ data: Data, _ limits: ImageFiles.Limits, _ target: ImageTarget) -> [UInt8]? {
  var memory: [UInt8] = []
  return try? ImagePlan(data, name: "fuzz", limits: limits, for: target).prepared(data, reusing: &memory)
    .square
}

/// The square of a decoded image.
private func preparedImage(_ image: DecodedImage, _ preprocessing: Preprocessing) -> [UInt8]? {
  guard let rgb = try? image.prepared(for: preprocessing, imageSize: 16),
    let view = try? ImageView(rgb.pixels.span, width: rgb.width, height: rgb.height)
  else { return nil }
  var scratch = ImagePreprocessor.Scratch(maximumWidth: rgb.width, maximumHeight: rgb.height, imageSize: 16)
  var square = [UInt8](repeating: 0, count: 3 * 16 * 16)
  var span = square.mutableSpan
  guard
    (try? ImagePreprocessor(preprocessing, imageSize: 16).crop(view, into: &span, scratch: &scratch)) != nil
  else { return nil }
  return square
}

private let tokenizer: Tokenizer = {
  let count = Int(CVOCABULARY_ROW_COUNT) * 2
  let merges = UnsafeBufferPointer(start: cvocabulary_openai_merges(), count: count)
  guard let tokenizer = try? Tokenizer(merges: merges.span, count: Int(CVOCABULARY_MERGE_COUNT)) else {
    preconditionFailure("the embedded merges are not valid")
  }
  return tokenizer
}()
