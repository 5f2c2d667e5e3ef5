/// A linear layer's weight in the profile `tails`: a normal core times scales of rows and columns, and outliers.
struct TailedMatrix {
  private let kind: TailedMatrixKind
  private let height: Int
  private let width: Int
  private let values: CounterStream
  private let rows: CounterStream
  private let columns: CounterStream
  private let multiplier: Int64
  private let unit: Float

  /// nil for a name of no linear layer of a transformer.
  init?(_ path: NamePath, shape: [Int], rule: Rule) {
    guard let kind = TailedMatrixKind(path) else { return nil }
    self.kind = kind
    height = shape[0]
    width = shape[1]
    values = CounterStream(name: path.name)
    rows = CounterStream(name: "\(path.name)/rows")
    columns = CounterStream(name: "\(path.name)/columns")
    let scale = rule.scale(inverseVariance: CounterStream.domeInverseVariance)
    multiplier = scale.multiplier
    unit = scale.multiplied(byPowerOfTwo: kind.power - Self.extraBits).unit
  }

  /// Products keep these bits below the rule's unit, so that rows with a small scale are not coarse.
  private static let extraBits = 4
}

extension TailedMatrix {
  /// The values of flat indices `first` ..< `first + output.count`.
  func fill(_ output: UnsafeMutableBufferPointer<Float>, from first: Int) {
    guard !output.isEmpty else { return }
    let range = first..<first + output.count
    var scales = ColumnScales(part: -1, values: [])
    for row in range.lowerBound / width...(range.upperBound - 1) / width {
      let part = row * kind.columnDeviations.count / height
      if part != scales.part { scales = ColumnScales(part: part, values: columnScales(part)) }
      let run = (row * width..<(row + 1) * width).clamped(to: range)
      let slice = output[run.lowerBound - first..<run.upperBound - first]
      fillRow(row, UnsafeMutableBufferPointer(rebasing: slice), from: run.lowerBound, scales.values)
    }
  }

  private struct ColumnScales {
    var part: Int
    var values: [Int64]
  }

  private func fillRow(
    _ row: Int, _ output: UnsafeMutableBufferPointer<Float>, from first: Int, _ columnScales: [Int64]
  ) {
    let rowScale = rowScale(row)
    let hasOutliers = row % kind.outlierPeriod == kind.outlierPeriod / 4
    for index in 0..<output.count {
      let scale = (rowScale * columnScales[first + index - row * width]) >> 12
      let core = core(UInt64(first + index) + 1, hasOutliers: hasOutliers)
      output[index] = value(core, scale)
    }
    guard kind.hasDetectors, spikes(height).contains(row) else { return }
    for column in spikes(width) {
      let index = row * width + column - first
      guard output.indices.contains(index) else { continue }
      output[index] = value(Self.detector, (rowScale * columnScales[column]) >> 12)
    }
  }

  private func value(_ core: Int64, _ scale: Int64) -> Float {
    let product = (core * multiplier * scale + (1 << 23)) >> 24
    return Float(Self.elevenBits(product)) * unit
  }

  /// The first two loud channels.
  private func spikes(_ width: Int) -> ArraySlice<Int> {
    SyntheticWeights.Profile.loudChannels(width).prefix(2)
  }
}

extension TailedMatrix {
  /// The standard deviation of a dome, 2¹⁶ · √½.
  private static let deviation: Int64 = 46341
  /// In standard deviations.
  private static let smallestOutlier: Int64 = 5
  private static let detector = 16 * deviation

  /// A dome or, rarely, an outlier.
  private func core(_ counter: UInt64, hasOutliers: Bool) -> Int64 {
    let draw = values.dome(counter)
    guard hasOutliers, draw.chance < kind.outlierChance else { return draw.value }
    let cube = (((draw.size * draw.size) >> 16) * draw.size) >> 16
    let excess = (kind.largestOutlier - Self.smallestOutlier) * cube
    let size = (Self.deviation * ((Self.smallestOutlier << 16) + excess)) >> 16
    return draw.value < 0 ? -size : size
  }

  private func rowScale(_ row: Int) -> Int64 {
    let isLoud = SyntheticWeights.Profile.loudChannels(height).contains(row)
    if isLoud, let loudest = kind.loudestRow { return loudest }
    let scale = LogNormal.scale(rows, UInt64(row) + 1, deviation: kind.rowDeviation)
    return kind.doublesRow(row, of: height) ? 2 * scale : scale
  }

  private func columnScales(_ part: Int) -> [Int64] {
    var scales = (0..<width).map { column in
      LogNormal.scale(columns, UInt64(part * width + column) + 1, deviation: kind.columnDeviations[part])
    }
    if let loudest = kind.loudestColumn { scales[SyntheticWeights.Profile.loudChannels(width)[3]] = loudest }
    return scales
  }

  /// Rounded to eleven significant bits, halves away from zero, so that FP16 represents every value exactly.
  private static func elevenBits(_ integer: Int64) -> Int64 {
    let size = Int64(integer.magnitude)
    let dropped = max(0, Int64.bitWidth - size.leadingZeroBitCount - 11)
    let rounded = ((size + ((1 << dropped) >> 1)) >> dropped) << dropped
    return integer < 0 ? -rounded : rounded
  }
}
