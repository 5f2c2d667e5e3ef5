internal import CRounding
internal import Parallel

/// Rounds the weights of a layer one input at a time, and corrects the later inputs' weights for the error so far.
///
/// Minimises E‖(W − Ŵ)·x‖² over a layer's inputs x, greedily (Frantar et al., "GPTQ", arXiv 2210.17323). With the
/// moments E[x·xᵀ] = M·D·Mᵀ, M unit upper triangular, the error of a row is Σᵢ dᵢ (eᵢ + Σ eⱼ·mⱼᵢ, j < i)², so each
/// weight's best rounding is known from the errors e of those before it.
package struct ErrorFeedback: Sendable {
  /// Inputs of the layer.
  package let width: Int
  /// E[x] of each input.
  package let means: [Double]
  private let stride: Int
  /// M, transposed, as CRounding orders it.
  private let matrix: [Double]
  private let level: cr_level

  /// - Parameter moments: positive definite.
  /// - Returns: nil if it is not.
  init?(
    factoring moments: consuming [Double], width: Int, stride: Int, means: [Double], level: cr_level
  ) {
    guard Self.factor(&moments, width: width, stride: stride, level: level) else { return nil }
    matrix = moments
    self.width = width
    self.stride = stride
    self.means = means
    self.level = level
  }

  private static func factor(_ moments: inout [Double], width: Int, stride: Int, level: cr_level) -> Bool {
    let block = Int(CR_BLOCK)
    var quotients = [Double](repeating: 0, count: block * stride)
    return moments.withUnsafeMutableBufferPointer { matrix in
      quotients.withUnsafeMutableBufferPointer { quotients in
        guard let m = matrix.baseAddress, let quotients = quotients.baseAddress else { return false }
        for first in Swift.stride(from: 0, to: width, by: block) {
          let count = min(block, width - first)
          guard cr_eliminate_block(level, first, count, m, stride, quotients) != 0 else { return false }
          if count == block { eliminateBelow(first, m, stride, quotients, level) }
        }
        parallelFor(width) { cr_divide_rows(level, $0, $0 + 1, m, stride) }
        return true
      }
    }
  }

  private static func eliminateBelow(
    _ first: Int, _ m: UnsafeMutablePointer<Double>, _ stride: Int, _ quotients: UnsafePointer<Double>,
    _ level: cr_level
  ) {
    let (block, panelWidth) = (Int(CR_BLOCK), Int(CR_ALIGNMENT))
    let firstPanel = (first + block) / panelWidth
    let panelCount = stride / panelWidth - firstPanel
    parallelFor(panelCount) { index in
      // The widest panels' columns have the most rows above them: they come first.
      let panel = firstPanel + panelCount - 1 - index
      withUnsafeTemporaryAllocation(of: Double.self, capacity: block * panelWidth) { scratch in
        guard let scratch = scratch.baseAddress else { return }
        cr_eliminate_below(level, first, block, panel, quotients, m, stride, scratch)
      }
    }
  }

  /// Rounds complete rows of W, `width` weights each, in units of each row's scale.
  package func round(_ rows: [Float], scales: [Float]) -> [Int8] {
    precondition(rows.count == scales.count * width)
    var q = [Int8](repeating: 0, count: rows.count)
    let group = Int(CR_GROUP)
    let groups = (scales.count + group - 1) / group
    q.withUnsafeMutableBufferPointer { q in
      parallelFor(groups) { index in
        let first = index * group
        round(rows, scales, first..<min(first + group, scales.count), into: q)
      }
    }
    return q
  }

  private func round(
    _ rows: [Float], _ scales: [Float], _ range: Range<Int>, into q: UnsafeMutableBufferPointer<Int8>
  ) {
    rows.withUnsafeBufferPointer { rows in
      scales.withUnsafeBufferPointer { scales in
        matrix.withUnsafeBufferPointer { matrix in
          withUnsafeTemporaryAllocation(of: Double.self, capacity: Int(CR_GROUP) * stride) { errors in
            guard let rows = rows.baseAddress, let scales = scales.baseAddress,
              let matrix = matrix.baseAddress, let q = q.baseAddress, let errors = errors.baseAddress
            else { return }
            let start = range.lowerBound * width
            cr_round_rows(
              level, range.count, width, rows + start, scales + range.lowerBound, matrix, stride, q + start,
              errors)
          }
        }
      }
    }
  }

  /// Whether all numbers have the same bits.
  package func hasBits(of other: ErrorFeedback) -> Bool {
    guard width == other.width, means.map(\.bitPattern) == other.means.map(\.bitPattern) else { return false }
    return (0..<width).allSatisfy { row in
      (row..<width).allSatisfy { column in
        matrix[row * stride + column].bitPattern == other.matrix[row * stride + column].bitPattern
      }
    }
  }

  /// E[(W − Ŵ)·x] of every row: what the rounded layer lacks in its mean output.
  package func meanErrors(_ rows: [Float], scales: [Float], _ q: [Int8]) -> [Double] {
    scales.indices.map { row in
      var error = 0.0
      for input in 0..<width {
        let index = row * width + input
        error += (Double(rows[index]) - Double(q[index]) * Double(scales[row])) * means[input]
      }
      return error
    }
  }
}
