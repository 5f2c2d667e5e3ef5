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

/// Decodes any bytes as an image file, and prepares the decoded image.
@Sendable func fuzzImage(_ bytes: RawSpan) {
  var limits = ImageFiles.Limits()
  limits.maximumPixelCount = 1 << 18
  let data = bytes.withUnsafeBytes { Data($0) }
  guard let image = try? ImageFiles.decode(data, name: "fuzz", limits: limits) else { return }
  precondition(image.samples.count == image.width * image.height * image.mode.bytesPerPixel)
  var onWhite = Preprocessing.openAI
  (onWhite.conversion, onWhite.alpha) = (.beforeResize, .white)
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

private let tokenizer: Tokenizer = {
  let count = Int(CVOCABULARY_ROW_COUNT) * 2
  let merges = UnsafeBufferPointer(start: cvocabulary_openai_merges(), count: count)
  guard let tokenizer = try? Tokenizer(merges: merges.span, count: Int(CVOCABULARY_MERGE_COUNT)) else {
    preconditionFailure("the embedded merges are not valid")
  }
  return tokenizer
}()
