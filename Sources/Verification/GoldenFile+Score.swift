internal import Architecture
internal import Models
internal import PocketCLIP

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

extension GoldenFile {
  /// Why a model's score does not turn the file's embeddings into its logits; nil if it does, or if one of them has none.
  func scoreFailure(scale: Double?, bias: Double) -> String? {
    guard let scale, let logits, let images = truth.images, let texts = truth.texts,
      logits.count == images.count, logits.width == texts.count, images.width == texts.width
    else { return nil }
    let cosines = images.normalized.similarities(to: texts.normalized)
    var largest = 0.0
    for (logit, cosine) in zip(logits.values, cosines.values) {
      largest = max(largest, abs(logit - (scale * cosine + bias)))
    }
    guard !(largest <= Self.tolerance * max(1, scale)) else { return nil }
    return
      "score: the golden's logits differ by up to \(largest.digits(3)) from those of the model's logit scale "
      + scale.digits(4) + (bias == 0 ? "" : " and bias \(bias.digits(4))")
  }

  /// Some libraries keep the scale in FP16.
  private static let tolerance = 1e-3
}

extension CLIPModel {
  /// The factor and the bias of the logits; no factor if the checkpoint stores none.
  func logitTerms() throws(ModelError) -> (scale: Double?, bias: Double) {
    guard let score = try score() else { return (nil, 0) }
    return (exp(Double(score.logScale)), Double(score.bias ?? 0))
  }
}

extension OpenBundle {
  var logitTerms: (scale: Double?, bias: Double) {
    let information = model.information
    return (information.logitScale.map(Double.init), Double(information.logitBias ?? 0))
  }
}
