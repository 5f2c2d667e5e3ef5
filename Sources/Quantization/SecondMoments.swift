internal import BundleFormat
package import CRounding
internal import Parallel

/// Sums of products of a layer's inputs over many rows, exact: inputs are rounded to 16-bit integers first.
///
/// An integer has at most 15 bits and a sign, so sums of 2²³ products are exact in FP64, in any order.
package struct SecondMoments: Sendable {
  /// Inputs of the layer.
  package let width: Int
  /// Rows that were added.
  package private(set) var rowCount = 0
  /// Values per row of `sums`, and its rows.
  let stride: Int
  /// Σ xᵢ·xⱼ of the integers, as CRounding orders them.
  private(set) var sums: [Double]
  /// Σ xᵢ of the integers, in the order of the inputs.
  private(set) var totals: [Double]
  /// An input of 1 is the integer `factor`.
  let factor: Double
  let level: cr_level
  private var panels: [Double]

  /// Sums of more products may not be exact.
  package static let mostRows = 1 << 23
  private static var panelWidth: Int { Int(CR_ALIGNMENT) }

  /// - Parameters:
  ///   - largest: max |x| of all rows that will be added; finite.
  ///   - level: changes no bit.
  package init(width: Int, largest: Float, level: cr_level = cr_fastest_level()) {
    self.width = width
    self.level = level
    factor = largest > 0 ? Double(CR_LARGEST_INPUT) / Double(largest) : 0
    stride = (width + Self.panelWidth - 1) / Self.panelWidth * Self.panelWidth
    sums = [Double](repeating: 0, count: stride * stride)
    totals = [Double](repeating: 0, count: width)
    panels = [Double](repeating: 0, count: Self.rowsAtOnce(width) * stride)
  }

  /// As many rows as let one thread's panels stay in its cache.
  private static func rowsAtOnce(_ width: Int) -> Int { max(128, (1 << 17) / width) }

  /// Adds rows of `width` values, one after another.
  package mutating func add(_ rows: [Float]) {
    precondition(rows.count.isMultiple(of: width))
    let count = rows.count / width
    let step = Self.rowsAtOnce(width)
    for first in Swift.stride(from: 0, to: count, by: step) {
      add(rows, first..<min(first + step, count))
    }
    rowCount += count
    precondition(rowCount <= Self.mostRows)
  }

  private mutating func add(_ rows: [Float], _ range: Range<Int>) {
    let (width, stride, level, factor) = (width, stride, level, factor)
    let panelCount = stride / Self.panelWidth
    rows.withUnsafeBufferPointer { rows in
      panels.withUnsafeMutableBufferPointer { panels in
        guard let x = rows.baseAddress, let panels = panels.baseAddress else { return }
        let start = x + range.lowerBound * width
        parallelFor(panelCount) { panel in
          cr_pack_inputs(level, range.count, width, start, factor, panel, panel + 1, panels)
        }
        sums.withUnsafeMutableBufferPointer { sums in
          guard let sums = sums.baseAddress else { return }
          parallelFor(panelCount) { panel in
            cr_add_products(level, range.count, panelCount, panel, panels, sums, stride)
          }
        }
      }
    }
    addTotals(rowCount: range.count)
  }

  /// The packed rows' Σ x.
  private mutating func addTotals(rowCount: Int) {
    for input in 0..<width {
      let (panel, column) = (width - 1 - input).quotientAndRemainder(dividingBy: Self.panelWidth)
      let start = panel * rowCount * Self.panelWidth + column
      var total = 0.0
      for row in 0..<rowCount { total += panels[start + row * Self.panelWidth] }
      totals[input] += total
    }
  }
}

extension SecondMoments {
  /// E[x] of input `input`.
  func mean(_ input: Int) -> Double {
    rowCount > 0 && factor > 0 ? totals[input] / Double(rowCount) / factor : 0
  }

  /// The moments that rounding minimises, factored; the sums end with this.
  ///
  /// - Parameters:
  ///   - exponents: equalization of the inputs: input k is divided by 2^e. Nil for none.
  ///   - isCentred: whether a bias takes up the mean of the error, so that only its variance counts.
  ///   - damping: added to every input's own moment, as a fraction of their mean.
  /// - Returns: nil if the inputs are all zero (or constant, if centred), so that any rounding is as good.
  package consuming func factored(
    exponents: [Int32]?, isCentred: Bool, damping: Double
  ) -> ErrorFeedback? {
    let factors = (0..<width).map { input in exponents.map { powerOfTwo(-$0[input]) } ?? 1 }
    let means = (0..<width).map { mean($0) * Double(factors[$0]) }
    scale(by: factors.reversed().map(Double.init), isCentred: isCentred)
    let diagonal = (0..<width).reduce(0) { $0 + sums[$1 * stride + $1] } / Double(width)
    guard diagonal > 0 else { return nil }
    for pivot in 0..<width { sums[pivot * stride + pivot] += damping * diagonal }
    let moments = sums
    sums = []  // so that factoring does not copy them
    return ErrorFeedback(factoring: moments, width: width, stride: stride, means: means, level: level)
  }

  /// - Parameter factors: in the order of columns.
  private mutating func scale(by factors: [Double], isCentred: Bool) {
    let (width, stride, count) = (width, stride, Double(max(rowCount, 1)))
    let totals = Array(totals.reversed())
    sums.withUnsafeMutableBufferPointer { sums in
      parallelFor(width) { row in
        for column in row..<width {
          let mean = isCentred ? totals[row] * totals[column] / count : 0
          sums[row * stride + column] =
            (sums[row * stride + column] - mean) * (factors[row] * factors[column])
        }
      }
    }
  }
}
