/// The positions of a value's elements in the row-major tensor that they were computed as. Transpose, Reshape, Slice,
/// Split, Expand and single indices only change the layout.
struct TensorLayout: Equatable {
  /// `count` elements at positions `step` apart.
  struct Run: Equatable {
    var count: Int
    var step: Int
  }

  /// The position of the first element.
  var start: Int
  /// Each axis as runs, slowest first. Runs of one element are omitted.
  private(set) var axes: [[Run]]

  /// The most elements of a layout: larger than any real one, and small enough that products do not overflow.
  static let largestCount = 1 << 40
  /// The most axes. Every operation visits all axes.
  static let largestRank = 16

  init(start: Int = 0, axes: [[Run]]) {
    self.start = start
    self.axes = axes.map(Self.merged)
  }

  /// Nil if the shape has implausibly many elements or axes.
  init?(rowMajor shape: [Int]) {
    guard Self.count(shape) != nil else { return nil }
    var step = 1
    var axes: [[Run]] = []
    for extent in shape.reversed() {
      axes.append([Run(count: extent, step: step)])
      step *= max(extent, 1)
    }
    self.init(axes: axes.reversed())
  }

  static func count(_ shape: [Int]) -> Int? {
    guard shape.count <= largestRank else { return nil }
    var count = 1
    for extent in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: max(extent, 1))
      guard extent >= 0, !overflow, product <= largestCount else { return nil }
      count = product
    }
    return shape.contains(0) ? 0 : count
  }

  var shape: [Int] { axes.map { $0.reduce(1) { $0 * $1.count } } }
  var rank: Int { axes.count }
  var count: Int { shape.reduce(1, *) }
  var runs: [Run] { axes.flatMap { $0 } }

  /// Removes runs of one element and joins adjacent runs with a common step.
  private static func merged(_ runs: [Run]) -> [Run] {
    var result: [Run] = []
    for run in runs where run.count != 1 {
      if let last = result.last, last.step == run.step * run.count {
        result[result.count - 1] = Run(count: last.count * run.count, step: run.step)
      } else {
        result.append(run)
      }
    }
    return result
  }

  /// Non-negative, or nil if the axis does not exist.
  func axis(_ number: Int) -> Int? {
    let axis = number < 0 ? number + rank : number
    return axes.indices.contains(axis) ? axis : nil
  }

  // MARK: Views

  func permuted(_ order: [Int]) -> TensorLayout? {
    guard order.sorted() == Array(axes.indices) else { return nil }
    return TensorLayout(start: start, axes: order.map { axes[$0] })
  }

  /// Nil if a new axis would divide a run unevenly.
  func reshaped(_ shape: [Int]) -> TensorLayout? {
    guard Self.count(shape) == count else { return nil }
    if count == 0 { return TensorLayout(rowMajor: shape) }
    var rest = Array(runs.reversed())
    var result: [[Run]] = []
    for extent in shape {
      var axis: [Run] = []
      var missing = extent
      while missing > 1 {
        guard let run = rest.popLast() else { return nil }
        if missing.isMultiple(of: run.count) {
          axis.append(run)
          missing /= run.count
        } else {
          guard run.count.isMultiple(of: missing) else { return nil }
          let inner = run.count / missing
          axis.append(Run(count: missing, step: run.step * inner))
          rest.append(Run(count: inner, step: run.step))
          missing = 1
        }
      }
      result.append(axis)
    }
    return TensorLayout(start: start, axes: result)
  }

  /// The position of an index of one axis, relative to the axis's first element.
  func offset(_ axis: Int, _ index: Int) -> Int {
    var (rest, offset) = (index, 0)
    for run in axes[axis].reversed() {
      offset += rest % run.count * run.step
      rest /= run.count
    }
    return offset
  }

  /// The layout without `axis`, at one index of it.
  func selecting(_ axis: Int, _ index: Int) -> TensorLayout? {
    let extent = shape[axis]
    let index = index < 0 ? index + extent : index
    guard (0..<extent).contains(index) else { return nil }
    var axes = axes
    axes.remove(at: axis)
    return TensorLayout(start: start + offset(axis, index), axes: axes)
  }

  /// Indices `range` of one axis; nil if they are not complete runs.
  func slicing(_ axis: Int, _ range: Range<Int>) -> TensorLayout? {
    var axes = axes
    if range.isEmpty {
      axes[axis] = [Run(count: 0, step: 1)]
      return TensorLayout(start: start, axes: axes)
    }
    if range.count == 1 {
      axes[axis] = []
    } else if let first = axes[axis].first {
      let inner = axes[axis].dropFirst().reduce(1) { $0 * $1.count }
      guard range.lowerBound.isMultiple(of: inner), range.count.isMultiple(of: inner) else { return nil }
      axes[axis][0] = Run(count: range.count / inner, step: first.step)
    }
    return TensorLayout(start: start + offset(axis, range.lowerBound), axes: axes)
  }

  func inserting(_ axis: Int) -> TensorLayout {
    var axes = axes
    axes.insert([], at: axis)
    return TensorLayout(start: start, axes: axes)
  }

  /// Applies ONNX's rule: axes are aligned at the end, and an extent of one is repeated.
  func broadcast(_ shape: [Int]) -> TensorLayout? {
    guard shape.count >= rank, Self.count(shape) != nil else { return nil }
    let own = [Int](repeating: 1, count: shape.count - rank) + self.shape
    var result = [[Run]](repeating: [], count: shape.count - rank) + axes
    for (axis, extent) in shape.enumerated() where own[axis] != extent {
      guard own[axis] == 1 else { return nil }
      result[axis] = [Run(count: extent, step: 0)]
    }
    return TensorLayout(start: start, axes: result)
  }

  // MARK: Rows

  /// The layout after each complete row (the last axis) was replaced by a row of `newWidth`; nil if the last axis is
  /// not a complete row of `width`.
  func replacingRows(of width: Int, with newWidth: Int) -> TensorLayout? {
    guard let last = axes.last,
      last == Self.merged([Run(count: width, step: 1)]) || isRepeated(last, of: width)
    else { return nil }
    guard start.isMultiple(of: width), runs.dropLast(last.count).allSatisfy({ $0.step.isMultiple(of: width) })
    else { return nil }
    let rows = axes.dropLast().map { $0.map { Run(count: $0.count, step: $0.step / width * newWidth) } }
    return TensorLayout(start: start / width * newWidth, axes: rows + [[Run(count: newWidth, step: 1)]])
  }

  /// One number for each row, expanded to a row.
  private func isRepeated(_ last: [Run], of width: Int) -> Bool {
    width == 1 && last.allSatisfy { $0.step == 0 }
  }

  /// Positions in row-major order of the axes.
  func positions() -> [Int] {
    var result = [start]
    for run in runs {
      var next: [Int] = []
      next.reserveCapacity(result.count * run.count)
      for position in result { for index in 0..<run.count { next.append(position + index * run.step) } }
      result = next
    }
    return result
  }
}
