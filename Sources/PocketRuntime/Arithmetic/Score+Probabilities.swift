import Architecture
import BundleFormat
import CKernels

extension Model {
  /// How the model turns similarities into probabilities; nil for a bundle without a scale.
  var score: Score? {
    guard let logScale = floats(.scalar(.logitScale))?[0] else { return nil }
    guard let bias = floats(.scalar(.logitBias))?[0] else { return .softmax(logScale: logScale) }
    return .sigmoid(logScale: logScale, bias: bias)
  }
}

/// A softmax of each row of `columns` similarities, in place.
func softmax(_ scores: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int, scale: Float) {
  for index in 0..<rows * columns { scores[index] *= scale }
  pk_kernels_detect().pointee.softmax_f32(rows, columns, scores, columns)
}

/// A sigmoid of each similarity, in place. Computes the logit as a Double, because scale and bias largely cancel.
func sigmoid(_ scores: UnsafeMutablePointer<Float>, _ count: Int, scale: Float, bias: Float) {
  for index in 0..<count {
    let logit = Double(scale) * Double(scores[index]) + Double(bias)
    scores[index] = 1 / (1 + pk_expf(Float(-logit)))
  }
}
